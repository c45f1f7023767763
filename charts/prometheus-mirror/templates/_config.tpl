{{/* What is configured: the file, its walls and its secrets. */}}

{{- define "prometheus-mirror.apiKeySecret" -}}
{{- .Values.apiKey.existingSecret | default (printf "%s-api-key" (include "prometheus-mirror.fullname" .)) -}}
{{- end -}}

{{/* Refuses what the schema of the values cannot. */}}
{{- define "prometheus-mirror.check" -}}
{{- $key := .Values.global.apiKey | default "" | toString -}}
{{- if and $key .Values.apiKey.existingSecret -}}
{{- fail "global.apiKey: cannot stand beside apiKey.existingSecret; keep one of them" -}}
{{- else if not (or $key .Values.apiKey.existingSecret) -}}
{{- fail "global.apiKey: required, the key that is pasted into StackState too; or name a Secret in apiKey.existingSecret" -}}
{{- else if has $key (list "unsecure" "API_KEY" "xxx") -}}
{{- fail "global.apiKey: this is a known default key [PM-5005]; choose another, for example from: openssl rand -base64 32" -}}
{{- else if regexMatch "[^ -~]" $key -}}
{{- fail "global.apiKey: must be visible ASCII, since it stands in a header" -}}
{{- end -}}
{{- range $name, $instead := dict "port" "port" "admin_port" "adminPort" "api_key" "global.apiKey or apiKey.existingSecret" "api_key_file" "apiKey.existingSecret" -}}
{{- if not (kindIs "invalid" (index $.Values.config $name)) -}}
{{- fail (printf "config.%s: use %s" $name $instead) -}}
{{- end -}}
{{- end -}}
{{- range $at, $connections := dict "connections" .Values.connections "config.connections" (.Values.config.connections | default dict) -}}
{{- range $name, $_ := $connections -}}
{{- if not (regexMatch "^[a-z0-9][a-z0-9._-]{0,62}$" $name) -}}
{{- fail (printf "%s.%s: a name is of a-z, 0-9, dot, dash and underscore, at most 63 of them, and begins with a letter or digit" $at $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- include "prometheus-mirror.checkSettings" . -}}
{{- include "prometheus-mirror.checkPods" . -}}
{{- include "prometheus-mirror.checkFamilies" . -}}
{{- range $name := list "nodePort" "externalTrafficPolicy" -}}
{{- if and (eq $.Values.service.type "ClusterIP") (get $.Values.service $name) -}}
{{- fail (printf "service.%s: a Service of type ClusterIP has none; set service.type or leave it out" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.service.loadBalancerSourceRanges (ne .Values.service.type "LoadBalancer") -}}
{{- fail (printf "service.loadBalancerSourceRanges: a Service of type %s has none; set service.type to LoadBalancer or leave it out" .Values.service.type) -}}
{{- end -}}
{{- $selecting := list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- $telling := list "helm.sh/chart" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" -}}
{{- range $at, $own := dict "commonLabels" (concat $selecting $telling) "podLabels" $selecting -}}
{{- range $name, $_ := get $.Values $at | default dict -}}
{{- if has $name $own -}}
{{- fail (printf "%s.%s: is a label of the chart's own; choose another name" $at $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.port) (int .Values.adminPort) -}}
{{- fail "adminPort: must differ from port" -}}
{{- end -}}
{{- include "prometheus-mirror.checkGrace" . -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) -}}
{{- fail "ingress.hosts: needs at least one host while ingress.enabled" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{- fail "httpRoute.parentRefs: needs at least one Gateway while httpRoute.enabled" -}}
{{- end -}}
{{- if .Values.autoscaling.enabled -}}
{{- if gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas) -}}
{{- fail "autoscaling.minReplicas: is above autoscaling.maxReplicas" -}}
{{- end -}}
{{- if not (or .Values.autoscaling.targetCPU .Values.autoscaling.metrics) -}}
{{- fail "autoscaling.targetCPU: with neither it nor autoscaling.metrics there is nothing to scale by" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The settings of the values, without the caller that the chart may have to make. */}}
{{- define "prometheus-mirror.given" -}}
{{- $given := dict "listen" "0.0.0.0" "port" (int .Values.port) "admin_port" (int .Values.adminPort) -}}
{{- $_ := set $given "api_key_file" "/etc/prometheus-mirror/api-key/api-key" -}}
{{- with .Values.workers }}{{ $_ := set $given "workers" (int .) }}{{ end -}}
{{- with .Values.allowedCallers }}{{ $_ := set $given "allowed_callers" . }}{{ end -}}
{{- with .Values.trustedProxies }}{{ $_ := set $given "trusted_proxies" . }}{{ end -}}
{{- with .Values.callers }}{{ $_ := set $given "callers" . }}{{ end -}}
{{- with .Values.allowedUpstreams }}{{ $_ := set $given "policy" (dict "allowed_upstreams" .) }}{{ end -}}
{{- with .Values.connections }}{{ $_ := set $given "connections" . }}{{ end -}}
{{- if .Values.console.tokenSecret }}{{ $_ := set $given "console" (dict "token_file" "/etc/prometheus-mirror/console-token/token") }}{{ end -}}
{{- $config := deepCopy .Values.config -}}
{{- include "prometheus-mirror.dropNulls" $config -}}
{{- $given = mergeOverwrite (deepCopy $given) $config -}}
{{- include "prometheus-mirror.dropNulls" $given -}}
{{- toYaml $given -}}
{{- end -}}

{{/* Not empty if something limits who may call (security.md, "The two walls"). */}}
{{- define "prometheus-mirror.wallA" -}}
{{- $given := include "prometheus-mirror.given" . | fromYaml -}}
{{- if or $given.callers $given.allowed_callers (dig "tls" "client_ca_file" "" $given) }}yes{{ end -}}
{{- end -}}

{{/* Not empty if something limits what may be reached. `any` switches it off in words; an empty list leaves nothing. */}}
{{- define "prometheus-mirror.wallB" -}}
{{- $given := include "prometheus-mirror.given" . | fromYaml -}}
{{- $upstreams := dig "policy" "allowed_upstreams" "" $given -}}
{{- if and (ne (toString $upstreams) "any") (or $upstreams (kindIs "slice" $upstreams) $given.connections) }}yes{{ end -}}
{{- end -}}

{{/* The Secret of the token that callers must say; empty if they need none of the chart's. */}}
{{- define "prometheus-mirror.callerTokenSecret" -}}
{{- if .Values.callerToken.existingSecret -}}
{{- .Values.callerToken.existingSecret -}}
{{- else if not (or (include "prometheus-mirror.wallA" .) (include "prometheus-mirror.wallB" .)) -}}
{{- include "prometheus-mirror.fullname" . }}-caller-token
{{- end -}}
{{- end -}}

{{/*
The token itself, empty if it is not known here. A random one is kept in the values for as long as
the rendering lasts, so that Secret and notes agree, and looked up at the next.
*/}}
{{- define "prometheus-mirror.callerToken" -}}
{{- $secret := include "prometheus-mirror.callerTokenSecret" . -}}
{{- $kept := dict -}}
{{- if $secret -}}
{{- $kept = (lookup "v1" "Secret" .Release.Namespace $secret).data | default dict -}}
{{- end -}}
{{- if hasKey $kept .Values.callerToken.key -}}
{{- get $kept .Values.callerToken.key | b64dec -}}
{{- else if and $secret (not .Values.callerToken.existingSecret) -}}
{{- if not .Values.callerToken.made -}}
{{- $_ := set .Values.callerToken "made" (randAlphaNum 43) -}}
{{- end -}}
{{- .Values.callerToken.made -}}
{{- end -}}
{{- end -}}

{{/* The settings of the file. */}}
{{- define "prometheus-mirror.settings" -}}
{{- $settings := include "prometheus-mirror.given" . | fromYaml -}}
{{- if include "prometheus-mirror.callerTokenSecret" . -}}
{{- $caller := dict "name" "stackstate" "token_files" (list "/etc/prometheus-mirror/caller-token/token") -}}
{{- range $settings.callers -}}
{{- if eq (toString .name) "stackstate" -}}
{{- fail "callers: the name stackstate is that of the caller of callerToken.existingSecret; choose another" -}}
{{- end -}}
{{- end -}}
{{- $_ := set $settings "callers" (prepend ($settings.callers | default list) $caller) -}}
{{- end -}}
{{- toYaml $settings -}}
{{- end -}}

{{/* Not empty if the settings hold a secret in words, as opposed to a file or a placeholder. */}}
{{- define "prometheus-mirror.configIsSecret" -}}
{{- include "prometheus-mirror.secretIn" (include "prometheus-mirror.settings" . | fromYaml) -}}
{{- end -}}

{{/*
Walks a map for members that are secrets by name, and for addresses with a user or a password, which need
no scheme where an address is expected. Headers and parameters can be secrets whatever they are called, the
tenant aside.
*/}}
{{- define "prometheus-mirror.secretIn" -}}
{{- $secrets := list "password" "credentials" "bearer_token" "client_secret" "aws_secret_access_key" "secret_key" "aws_session_token" "external_id" "key" "token" "tokens" "http_headers" "query_parameters" "endpoint_params" -}}
{{- $addresses := list "url" "host" "proxy_url" "token_url" "sts_endpoint" -}}
{{- range $name, $value := . -}}
{{- if and (has $name $secrets) $value (not (regexMatch "^\\$\\{[A-Za-z0-9_]+\\}$" (toString $value))) -}}
yes
{{- else if eq $name "headers" -}}
{{- if omit $value "X-Scope-OrgID" }}yes{{ end -}}
{{- else if kindIs "map" $value -}}
{{- include "prometheus-mirror.secretIn" $value -}}
{{- else if kindIs "slice" $value -}}
{{- range $value }}{{ include "prometheus-mirror.secretIn" (kindIs "map" . | ternary . (dict "" .)) }}{{ end -}}
{{- else if and (contains "@" (toString $value)) (or (has $name $addresses) (contains "://" (toString $value))) -}}
yes
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What a reload cannot change: a change of it rolls the pods. */}}
{{- define "prometheus-mirror.restartChecksum" -}}
{{- $settings := include "prometheus-mirror.settings" . | fromYaml -}}
{{- list $settings.listen $settings.port $settings.admin_port $settings.workers (dig "log" "format" "" $settings) | toJson | sha256sum -}}
{{- end -}}

{{/* The Connection Details that a StackState would send to this very configuration, as JSON. */}}
{{- define "prometheus-mirror.connectionDetails" -}}
{{- $settings := include "prometheus-mirror.settings" . | fromYaml -}}
{{- $details := dict -}}
{{- $caller := $settings.callers | default list | first | default dict -}}
{{- $connections := $caller.connections | default (keys ($settings.connections | default dict) | sortAlpha) -}}
{{- $listed := dig "policy" "allowed_upstreams" list $settings -}}
{{- $upstreams := $caller.upstreams | default (kindIs "slice" $listed | ternary $listed list) -}}
{{- if and $connections (not (and $caller.upstreams (not $caller.connections))) -}}
{{- $_ := set $details "connection" (first $connections) -}}
{{- else -}}
{{- $url := "http://<prometheus>:9090" -}}
{{- with $upstreams -}}
{{- $first := first . -}}
{{- $url = get (kindIs "map" $first | ternary $first (dict "url" $first)) "url" | replace "*" "<name>" -}}
{{- end -}}
{{- if regexMatch "^https://aps-workspaces(-fips)?\\.[a-z0-9-]+\\.(amazonaws\\.com|api\\.aws)(/|$)" $url -}}
{{- /* A host name alone never brings the mirror's own identity into play. */ -}}
{{- $_ := set $details "aws" dict -}}
{{- $url = regexReplaceAll "/workspaces/?$" $url "/workspaces/<workspace id>" -}}
{{- end -}}
{{- $_ := set $details "url" $url -}}
{{- end -}}
{{- /* A variable's token is that of the caller `default`, which need not be among them. */ -}}
{{- $name := $caller.name | default "default" -}}
{{- $isOfVariable := and (eq (toString $name) "default") (include "prometheus-mirror.tokenInEnvironment" .) -}}
{{- if or $caller.tokens $caller.token_files $isOfVariable -}}
{{- $token := eq (toString $caller.name) "stackstate" | ternary (include "prometheus-mirror.callerToken" .) "" -}}
{{- $_ := set $details "token" ($token | default (printf "<token of %s>" $name)) -}}
{{- end -}}
{{- $details | toRawJson -}}
{{- end -}}
