{{/* What becomes of values that are null. Helm takes a default away for one, or hands it on. */}}

{{/*
Nothing, for it changes the values, which all templates share: where one is null, the empty value of its
kind takes its place. Each template begins with it, since Helm does not say which comes first.
*/}}
{{- define "prometheus-mirror.whole" -}}
{{- include "prometheus-mirror.fill" (list "" .Values (include "prometheus-mirror.empty" . | fromYaml)) -}}
{{- end -}}

{{/*
The empty value for each that templates look into; <required> where there is none. What is absent here may
be null, since Kubernetes has a default for it.
*/}}
{{- define "prometheus-mirror.empty" -}}
global: {}
apiKey: {key: <required>}
port: <required>
adminPort: <required>
callerToken: {key: <required>}
config: {}
image: {repository: <required>, pullPolicy: <required>}
autoscaling: {enabled: false, minReplicas: <required>, maxReplicas: <required>}
pdb: {enabled: false, maxUnavailable: <required>}
serviceAccount: {create: false}
networkPolicy: {enabled: false, podIdentity: false}
service: {type: <required>}
ingress: {enabled: false, hosts: []}
httpRoute: {enabled: false, parentRefs: [], hostnames: []}
console: {tokenKey: <required>}
metrics:
  serviceMonitor: {enabled: false}
  podMonitoring: {enabled: false, interval: <required>}
  prometheusRule: {enabled: false, disabled: [], thresholds: {}}
  dashboards: {enabled: false}
{{- end -}}

{{/*
Fills values from their empty ones: (list PATH VALUES EMPTY). A group that can be switched off is off
without the rest of it.
*/}}
{{- define "prometheus-mirror.fill" -}}
{{- $above := index . 0 -}}
{{- $values := index . 1 -}}
{{- range $name, $empty := index . 2 -}}
{{- $value := index $values $name -}}
{{- $group := kindIs "map" $empty | ternary $empty dict -}}
{{- if kindIs "map" $value -}}
{{- include "prometheus-mirror.fill" (list (printf "%s%s." $above $name) $value $group) -}}
{{- else if kindIs "invalid" $value -}}
{{- if has "<required>" (hasKey $group "enabled" | ternary list (append (values $group) $empty)) -}}
{{- fail (printf "%s%s: cannot be null; leave it out for its default" $above $name) -}}
{{- end -}}
{{- $_ := set $values $name (deepCopy $empty) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Takes out of a map, and out of those in it, what is null: the mirror takes it for absent. */}}
{{- define "prometheus-mirror.dropNulls" -}}
{{- $map := . -}}
{{- range $name, $value := . -}}
{{- if kindIs "invalid" $value -}}
{{- $_ := unset $map $name -}}
{{- else if kindIs "map" $value -}}
{{- include "prometheus-mirror.dropNulls" $value -}}
{{- else if kindIs "slice" $value -}}
{{- range $value }}{{ if kindIs "map" . }}{{ include "prometheus-mirror.dropNulls" . }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
