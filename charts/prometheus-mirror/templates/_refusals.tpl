{{/* What the mirror would refuse at its start, as far as a template can tell. */}}

{{/*
A duration or a number of seconds, in milliseconds, which may have a fraction; empty if it is absent, as
an empty text is, or a variable says it. That it is one is the schema's to see.
*/}}
{{- define "prometheus-mirror.milliseconds" -}}
{{- $text := toString . -}}
{{- if regexMatch "^[0-9.]+([eE][+-]?[0-9]+)?$" $text -}}
{{- mulf (float64 $text) 1000 -}}
{{- else if not (or (kindIs "invalid" .) (eq $text "") (contains "${" $text)) -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 -}}
{{- $sum := 0 -}}
{{- range regexFindAll "[0-9]+[a-z]+" $text -1 -}}
{{- $count := regexFind "^[0-9]+" . -}}
{{- $sum = add $sum (mul (atoi $count) (get $units (trimPrefix $count .))) -}}
{{- end -}}
{{- $sum -}}
{{- end -}}
{{- end -}}

{{/* Kubernetes must not kill what is still stopping. One second is for the end of the process itself. */}}
{{- define "prometheus-mirror.checkGrace" -}}
{{- $limits := (include "prometheus-mirror.given" . | fromYaml).limits | default dict -}}
{{- /* An empty text is absent, a number of 0 is not. */ -}}
{{- $delay := toString (hasKey $limits "shutdown_delay" | ternary $limits.shutdown_delay "") | default "5s" -}}
{{- $drain := toString (hasKey $limits "drain" | ternary $limits.drain "") | default "20s" -}}
{{- $parts := list (include "prometheus-mirror.milliseconds" $delay) (include "prometheus-mirror.milliseconds" $drain) -}}
{{- $grace := kindIs "invalid" .Values.terminationGracePeriodSeconds | ternary 30 .Values.terminationGracePeriodSeconds -}}
{{- if not (has "" $parts) -}}
{{- $needed := addf (index $parts 0 | float64) (index $parts 1 | float64) 1000 | ceil | int64 -}}
{{- if lt (mul (int64 $grace) 1000) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds: %v is less than stopping takes, config.limits.shutdown_delay (%s), config.limits.drain (%s) and 1s; set at least %d" $grace $delay $drain (ceil (divf $needed 1000) | int64)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a duration beyond its bounds: (list PATH GIVEN LEAST MOST TEXT), bounds in milliseconds. */}}
{{- define "prometheus-mirror.checkDuration" -}}
{{- with include "prometheus-mirror.milliseconds" (index . 1) -}}
{{- if or (lt (float64 .) (index $ 2 | float64)) (gt (float64 .) (index $ 3 | float64)) -}}
{{- fail (printf "%s: %v must be %s" (index $ 0) (index $ 1) (index $ 4)) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty if a variable of the pods says a token, which makes the caller `default`. */}}
{{- define "prometheus-mirror.tokenInEnvironment" -}}
{{- range .Values.extraEnv -}}
{{- if and (has .name (list "CALLER_TOKEN" "CALLER_TOKEN_FILE")) (or .value .valueFrom) }}yes{{ end -}}
{{- end -}}
{{- end -}}

{{/* Refuses settings that the mirror does not start with. */}}
{{- define "prometheus-mirror.checkSettings" -}}
{{- $given := include "prometheus-mirror.given" . | fromYaml -}}
{{- $config := .Values.config -}}
{{- $callersAt := index $config "callers" | kindIs "invalid" | ternary "callers" "config.callers" -}}
{{- $allowedAt := index $config "allowed_callers" | kindIs "invalid" | ternary "allowedCallers" "config.allowed_callers" -}}
{{- $trustedAt := index $config "trusted_proxies" | kindIs "invalid" | ternary "trustedProxies" "config.trusted_proxies" -}}
{{- $upstreamsAt := index ($config.policy | default dict) "allowed_upstreams" | kindIs "invalid" | ternary "allowedUpstreams" "config.policy.allowed_upstreams" -}}
{{- with $given.listen -}}
{{- $bits := include "prometheus-mirror.listenBits" . -}}
{{- if or (hasPrefix "!" $bits) (contains "/" .) -}}
{{- fail (printf "config.listen: %s must be an IP address" .) -}}
{{- end -}}
{{- end -}}
{{- include "prometheus-mirror.checkNetworks" (list $allowedAt $given.allowed_callers) -}}
{{- include "prometheus-mirror.checkNetworks" (list $trustedAt $given.trusted_proxies) -}}
{{- if and (kindIs "slice" $given.allowed_callers) (empty $given.allowed_callers) -}}
{{- fail (printf "%s: admits nobody; list networks, or leave it out" $allowedAt) -}}
{{- end -}}
{{- $client_ca := dig "tls" "client_ca_file" "" $given -}}
{{- $tokenInEnvironment := include "prometheus-mirror.tokenInEnvironment" . -}}
{{- if and $given.allowed_callers (not (or $given.callers .Values.callerToken.existingSecret $client_ca $tokenInEnvironment (include "prometheus-mirror.wallB" .))) -}}
{{- if include "prometheus-mirror.everybody" $given.allowed_callers -}}
{{- fail (printf "%s: a list that admits everybody is no wall [PM-5004]; name the networks of StackState, or leave it out and the chart makes a token" $allowedAt) -}}
{{- else if include "prometheus-mirror.everybody" $given.trusted_proxies -}}
{{- fail (printf "%s: with a list that holds every address callers may say that they come from anywhere, so that %s is no wall [PM-5004]; name the networks of the proxies" $trustedAt $allowedAt) -}}
{{- end -}}
{{- end -}}
{{- include "prometheus-mirror.checkCallers" (list $callersAt $given.callers $client_ca $tokenInEnvironment) -}}
{{- $upstreams := dig "policy" "allowed_upstreams" list $given -}}
{{- if not (or (kindIs "slice" $upstreams) (eq (toString $upstreams) "any") (contains "${" (toString $upstreams))) -}}
{{- fail (printf "%s: must be a list, or any" $upstreamsAt) -}}
{{- end -}}
{{- range kindIs "slice" $upstreams | ternary $upstreams list -}}
{{- $entry := kindIs "map" . | ternary . (dict "url" .) -}}
{{- if not (kindIs "string" (index $entry "url")) -}}
{{- fail (printf "%s: %v must be a string or a map with url" $upstreamsAt .) -}}
{{- end -}}
{{- include "prometheus-mirror.checkUpstream" (list $upstreamsAt $entry.url) -}}
{{- if hasKey $entry "addresses" -}}
{{- if not (and (kindIs "slice" $entry.addresses) $entry.addresses) -}}
{{- fail (printf "%s: addresses of %s must be a list of networks" $upstreamsAt $entry.url) -}}
{{- end -}}
{{- include "prometheus-mirror.checkNetworks" (list (printf "%s: addresses" $upstreamsAt) $entry.addresses) -}}
{{- end -}}
{{- end -}}
{{- range $name, $connection := $given.connections -}}
{{- $at := printf "%s.%s" (hasKey ($config.connections | default dict) $name | ternary "config.connections" "connections") $name -}}
{{- include "prometheus-mirror.checkConnection" (list $at $connection) -}}
{{- end -}}
{{- $tls := $given.tls | default dict -}}
{{- range $name, $others := dict "cert_file" (list "key_file") "key_file" (list "cert_file") "client_ca_file" (list "cert_file" "key_file") -}}
{{- range $others -}}
{{- if and (index $tls $name) (not (index $tls .)) -}}
{{- fail (printf "config.tls.%s: needs config.tls.%s as well" $name .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $console := $given.console | default dict -}}
{{- if and $console.token $console.token_file -}}
{{- fail (printf "config.console.token: cannot stand beside %s" (dig "console" "token_file" "" $config | empty | ternary "console.tokenSecret" "config.console.token_file")) -}}
{{- end -}}
{{- include "prometheus-mirror.checkToken" (list "config.console.token" $console.token) -}}
{{- $limits := $given.limits | default dict -}}
{{- range $name, $_ := $limits.backend_calls_for -}}
{{- if not (hasKey ($given.connections | default dict) $name) -}}
{{- fail (printf "config.limits.backend_calls_for.%s: is no connection; there are %s" $name (keys ($given.connections | default dict) | sortAlpha | join ", " | default "none")) -}}
{{- end -}}
{{- end -}}
{{- include "prometheus-mirror.checkDuration" (list "config.limits.connection_age" $limits.connection_age 1000 3600000 "a duration from 1s to 1h") -}}
{{- range list "shutdown_delay" "drain" -}}
{{- include "prometheus-mirror.checkDuration" (list (print "config.limits." .) (index $limits .) 0 600000 "a duration from 0 to 10m") -}}
{{- end -}}
{{- if ne (include "prometheus-mirror.milliseconds" $given.answer_ttl | default "0" | float64) 0.0 -}}
{{- include "prometheus-mirror.checkDuration" (list "config.answer_ttl" $given.answer_ttl 1000 5000 "0, or a duration from 1s to 5s") -}}
{{- end -}}
{{- /* As a text, so that 0 is looked at too. */ -}}
{{- with hasKey $limits "byte_budget" | ternary (toString $limits.byte_budget) "" -}}
{{- $bytes := 1048576.0 -}}
{{- $units := dict "KiB" 1024 "MiB" 1048576 "GiB" 1073741824 -}}
{{- $unit := regexFind "[A-Za-z]+$" (toString .) -}}
{{- if regexMatch "^[0-9.]+([eE][+-]?[0-9]+)?$" (toString .) -}}
{{- $bytes = float64 . -}}
{{- else if not (contains "${" (toString .)) -}}
{{- $bytes = mulf (regexFind "^[0-9]+" . | float64) (index $units $unit | default 0) -}}
{{- end -}}
{{- if lt (float64 $bytes) 1048576.0 -}}
{{- fail (printf "config.limits.byte_budget: %v must be a number of bytes from 1MiB, for example 512MiB" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The bits of an address to listen on, which may stand in brackets. */}}
{{- define "prometheus-mirror.listenBits" -}}
{{- include "prometheus-mirror.bits" (regexReplaceAll "^\\[(.*)\\]$" . "${1}") -}}
{{- end -}}

{{/* Not empty if what is listened on answers IPv4 alone: such an address, or one in the form of IPv6. */}}
{{- define "prometheus-mirror.isIpv4Alone" -}}
{{- $bits := include "prometheus-mirror.listenBits" ((include "prometheus-mirror.given" . | fromYaml).listen | default "0.0.0.0") -}}
{{- if or (hasPrefix "4:" $bits) (hasPrefix (print "6:" (repeat 80 "0") (repeat 16 "1")) $bits) }}yes{{ end -}}
{{- end -}}

{{/* Refuses families of addresses that no Service has, or that nothing would answer. */}}
{{- define "prometheus-mirror.checkFamilies" -}}
{{- $families := .Values.service.ipFamilies | default list -}}
{{- $policy := toString .Values.service.ipFamilyPolicy -}}
{{- if and (eq $policy "SingleStack") (gt (len $families) 1) -}}
{{- fail "service.ipFamilies: with service.ipFamilyPolicy SingleStack there is one; leave one out, or set PreferDualStack" -}}
{{- end -}}
{{- $isSingle := not (has $policy (list "PreferDualStack" "RequireDualStack")) -}}
{{- if and $isSingle (eq (join "," $families) "IPv6") (include "prometheus-mirror.isIpv4Alone" .) -}}
{{- fail "service.ipFamilies: IPv6 alone, and the mirror listens on an IPv4 address; set config.listen to \"::\"" -}}
{{- end -}}
{{- end -}}

{{/* Refuses what is no network: (list PATH NETWORKS). */}}
{{- define "prometheus-mirror.checkNetworks" -}}
{{- $at := first . -}}
{{- range last . -}}
{{- $bits := include "prometheus-mirror.bits" (toString .) -}}
{{- if hasPrefix "!" $bits -}}
{{- fail (printf "%s: %v %s" $at . (trimPrefix "!" $bits)) -}}
{{- else if hasPrefix (print "6:" (repeat 80 "0") (repeat 16 "1")) $bits -}}
{{- /* No address that is compared is written so. */ -}}
{{- fail (printf "%s: %v must be written as IPv4" $at .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The first bits of a network, which its addresses share, after its version: `4:00001010` is 10.0.0.0/8. After
an exclamation mark, why it is none; nothing if a variable says it.
*/}}
{{- define "prometheus-mirror.bits" -}}
{{- if not (contains "${" .) -}}
{{- $address := splitList "/" . | first -}}
{{- $octet := "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])" -}}
{{- $ipv4 := printf "%s([.]%s){3}$" $octet $octet -}}
{{- $bits := "" -}}
{{- $version := 4 -}}
{{- if regexMatch (print "^" $ipv4) $address -}}
{{- range splitList "." $address }}{{ $bits = printf "%s%08b" $bits (int .) }}{{ end -}}
{{- else -}}
{{- $version = 6 -}}
{{- /* An IPv4 address at its end goes for two groups. */ -}}
{{- with regexFind (print ":" $ipv4) $address -}}
{{- $octets := splitList "." (trimPrefix ":" .) -}}
{{- $groups := printf ":%02x%02x:%02x%02x" (index $octets 0 | int) (index $octets 1 | int) (index $octets 2 | int) (index $octets 3 | int) -}}
{{- $address = print (trimSuffix . $address) $groups -}}
{{- end -}}
{{- $halves := splitList "::" $address -}}
{{- $groups := regexSplit ":" (first $halves) -1 | compact -}}
{{- if eq (len $halves) 2 -}}
{{- $right := regexSplit ":" (last $halves) -1 | compact -}}
{{- $left := $groups -}}
{{- range until (sub 8 (add (len $left) (len $right)) | max 0 | int) }}{{ $groups = append $groups "0" }}{{ end -}}
{{- $groups = concat $groups $right -}}
{{- end -}}
{{- $isWhole := and (eq (len $groups) 8) (le (len $halves) 2) -}}
{{- range $halves }}{{ if not (regexMatch "^([0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4})*)?$" .) }}{{ $isWhole = false }}{{ end }}{{ end -}}
{{- if $isWhole -}}
{{- $digits := dict "0" "0000" "1" "0001" "2" "0010" "3" "0011" "4" "0100" "5" "0101" "6" "0110" "7" "0111" "8" "1000" "9" "1001" "a" "1010" "b" "1011" "c" "1100" "d" "1101" "e" "1110" "f" "1111" -}}
{{- range $groups -}}
{{- range regexSplit "" (print (repeat (sub 4 (len .) | int) "0") (lower .)) -1 }}{{ $bits = print $bits (get $digits .) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $width := len $bits -}}
{{- $prefix := contains "/" . | ternary (splitList "/" . | rest | join "/") (toString $width) -}}
{{- if not $bits -}}
!must be an address or a network such as 10.0.0.0/8
{{- else if not (regexMatch "^[0-9]{1,3}$" $prefix) -}}
!needs 0 to 32 bits after the slash, or 0 to 128 with IPv6
{{- else if gt (atoi $prefix) $width -}}
!needs 0 to 32 bits after the slash, or 0 to 128 with IPv6
{{- else if contains "1" (substr (atoi $prefix) $width $bits) -}}
!has bits set beyond its prefix
{{- else -}}
{{- printf "%d:%s" $version (substr 0 (atoi $prefix) $bits) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Not empty if a list of networks leaves out no IPv4 address, or no IPv6 address. */}}
{{- define "prometheus-mirror.everybody" -}}
{{- $all := list -}}
{{- range . }}{{ $all = append $all (include "prometheus-mirror.bits" .) }}{{ end -}}
{{- if or (include "prometheus-mirror.covered" (list "4:" $all)) (include "prometheus-mirror.covered" (list "6:" $all)) }}yes{{ end -}}
{{- end -}}

{{/* Not empty if all addresses that begin with these bits are in a network: (list BITS NETWORKS). */}}
{{- define "prometheus-mirror.covered" -}}
{{- $bits := first . -}}
{{- $inside := list -}}
{{- $isWhole := false -}}
{{- range last . -}}
{{- if not . -}}
{{- else if hasPrefix . $bits -}}
{{- $isWhole = true -}}
{{- else if hasPrefix $bits . -}}
{{- $inside = append $inside . -}}
{{- end -}}
{{- end -}}
{{- if $isWhole -}}
yes
{{- else if $inside -}}
{{- if include "prometheus-mirror.covered" (list (print $bits "0") $inside) -}}
{{- include "prometheus-mirror.covered" (list (print $bits "1") $inside) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Refuses callers that prove nothing, or cannot: (list PATH CALLERS CLIENT_CA TOKEN_IN_ENVIRONMENT). That token
is the one of the caller `default`.
*/}}
{{- define "prometheus-mirror.checkCallers" -}}
{{- $path := index . 0 -}}
{{- $client_ca := index . 2 -}}
{{- $tokenInEnvironment := index . 3 -}}
{{- $names := list -}}
{{- range $place, $caller := index . 1 -}}
{{- $at := printf "%s[%d]" $path $place -}}
{{- if not (regexMatch "^[a-z0-9][a-z0-9._-]{0,62}$|[$][{]" (index $caller "name" | toString)) -}}
{{- fail (printf "%s.name: must be 1 to 63 of a-z, 0-9, dot, dash and underscore, the first a letter or digit" $at) -}}
{{- end -}}
{{- if has $caller.name $names -}}
{{- fail (printf "%s: has the name of another caller, %s" $at $caller.name) -}}
{{- end -}}
{{- $names = append $names $caller.name -}}
{{- range $proof := list "tokens" "token_files" "certificates" -}}
{{- if and (hasKey $caller $proof) (empty (index $caller $proof)) -}}
{{- fail (printf "%s.%s: proves nothing; name at least one, or leave it out" $at $proof) -}}
{{- end -}}
{{- end -}}
{{- $isDefault := eq (index $caller "name" | toString) "default" -}}
{{- if not (or $caller.tokens $caller.token_files $caller.certificates (and $isDefault $tokenInEnvironment)) -}}
{{- fail (printf "%s: proves nothing; needs tokens, token_files or certificates" $at) -}}
{{- end -}}
{{- if gt (len (concat ($caller.tokens | default list) ($caller.token_files | default list))) 2 -}}
{{- fail (printf "%s: has more tokens than two, the one in use and the next" $at) -}}
{{- end -}}
{{- range $caller.tokens }}{{ include "prometheus-mirror.checkToken" (list (printf "%s.tokens" $at) .) }}{{ end -}}
{{- if and $caller.certificates (not $client_ca) -}}
{{- fail (printf "%s.certificates: nobody is asked for a certificate; set config.tls.client_ca_file" $at) -}}
{{- end -}}
{{- range $caller.upstreams }}{{ include "prometheus-mirror.checkUpstream" (list (printf "%s.upstreams" $at) .) }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a token of another length than the mirror takes: (list PATH TOKEN). It is not told. */}}
{{- define "prometheus-mirror.checkToken" -}}
{{- $token := last . -}}
{{- if and $token (not (contains "${" $token)) (or (lt (len $token) 16) (gt (len $token) 512)) -}}
{{- fail (printf "%s: must be 16 to 512 bytes long" (first .)) -}}
{{- end -}}
{{- end -}}

{{/* Refuses what is no upstream: (list PATH UPSTREAM). */}}
{{- define "prometheus-mirror.checkUpstream" -}}
{{- $at := first . -}}
{{- $text := last . -}}
{{- $fixed := regexReplaceAll "^([a-zA-Z]+://)[*][.]" $text "${1}" -}}
{{- $authority := include "prometheus-mirror.authority" $fixed -}}
{{- $shown := contains "@" $text | ternary "an entry" $text -}}
{{- $labels := regexReplaceAll ":[0-9]*$" $authority "" | trimSuffix "." | splitList "." | len -}}
{{- if contains "${" $text -}}
{{- else if or (contains "*" $authority) (and (ne $fixed $text) (lt $labels 2)) -}}
{{- fail (printf "%s: %s may have * only as its whole first label, before at least two others" $at $shown) -}}
{{- else if regexMatch "/api/v1(/(query|query_range|remote_write|write))?/*$" $text -}}
{{- fail (printf "%s: %s must be a base URL, without /api/v1 at its end" $at $shown) -}}
{{- else -}}
{{- with include "prometheus-mirror.unfitUrl" $fixed -}}
{{- fail (printf "%s: %s %s" $at $shown .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What stands between `://` and the path. */}}
{{- define "prometheus-mirror.authority" -}}
{{- if contains "://" . }}{{ splitList "://" . | rest | join "://" | splitList "/" | first }}{{ end -}}
{{- end -}}

{{/* Why the mirror would not take a URL, as far as is seen here; nothing if it would. */}}
{{- define "prometheus-mirror.unfitUrl" -}}
{{- $authority := include "prometheus-mirror.authority" . -}}
{{- $port := regexFind ":[0-9]*$" $authority | trimPrefix ":" -}}
{{- if contains "${" . -}}
{{- else if not (regexMatch "^(?i)https?://" .) -}}
must begin with http:// or https://
{{- else if regexMatch `[\s\\[:cntrl:]]` . -}}
must not hold blanks, control characters or backslashes
{{- else if regexMatch "[?#]" . -}}
must have neither a query nor a fragment
{{- else if contains "@" $authority -}}
must not hold a user name or password
{{- else if regexMatch "(?i)(^|/)[.]{1,2}(;[^/]*)?(/|$)|%(25)?(2e|2f|5c|00)" . -}}
must not hold dot segments, %2e, %2f, %5c or %00
{{- else if contains "%" (regexReplaceAll "%[0-9a-fA-F]{2}" . "") -}}
has a % that is not followed by two hexadecimal digits
{{- else if contains "%" $authority -}}
must not have an IPv6 zone or an escape in its host
{{- else if not (regexMatch `^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.\-]*[A-Za-z0-9_\-][.]?|.*[^\x00-\x7f].*)(:[0-9]*)?$` $authority) -}}
needs a valid host name or address
{{- else if regexMatch "^[.]|[.][.]" $authority -}}
needs a valid host name or address
{{- else if $port -}}
{{- if not (and (regexMatch "^0*[0-9]{1,5}$" $port) (gt (atoi $port) 0) (le (atoi $port) 65535)) -}}
needs a port from 1 to 65535
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses a connection without an address, or with halves of what proves the mirror: (list PATH CONNECTION). */}}
{{- define "prometheus-mirror.checkConnection" -}}
{{- $at := first . -}}
{{- $given := dict -}}
{{- /* An empty text is absent, an empty map is not. */ -}}
{{- range $name, $value := last . | default dict }}{{ if ne (toString $value) "" }}{{ $_ := set $given $name $value }}{{ end }}{{ end -}}
{{- if not (or $given.url $given.host) -}}
{{- fail (printf "%s: needs url or host" $at) -}}
{{- else if and $given.url $given.host -}}
{{- fail (printf "%s.host: cannot stand beside url" $at) -}}
{{- else if and $given.url $given.path_prefix -}}
{{- fail (printf "%s.path_prefix: belongs to host; write it into url" $at) -}}
{{- end -}}
{{- $name := $given.url | empty | ternary "host" "url" -}}
{{- $text := index $given $name -}}
{{- if and (eq $name "host") (not (contains "://" $text)) -}}
{{- $isIpv6 := hasPrefix "6:" (include "prometheus-mirror.bits" $text) -}}
{{- $text = printf ($isIpv6 | ternary "http://[%s]" "http://%s") $text -}}
{{- end -}}
{{- $authority := include "prometheus-mirror.authority" $text -}}
{{- $user := contains "@" $authority | ternary (regexFind "^.*@" $authority) "" -}}
{{- /* Not told, for it may hold a password. */ -}}
{{- with include "prometheus-mirror.unfitUrl" (replace $user "" $text) -}}
{{- fail (printf "%s.%s: %s" $at $name .) -}}
{{- end -}}
{{- if or (eq $user "@") (hasPrefix ":" $user) -}}
{{- fail (printf "%s.%s: has a user name or password that cannot be read" $at $name) -}}
{{- end -}}
{{- $proofs := list -}}
{{- if $user }}{{ $proofs = append $proofs $name }}{{ end -}}
{{- range $proof := list "basic_auth" "authorization" "bearer_token" "bearer_token_file" "oauth2" "aws" "sigv4" -}}
{{- if hasKey $given $proof }}{{ $proofs = append $proofs $proof }}{{ end -}}
{{- end -}}
{{- if gt (len $proofs) 1 -}}
{{- fail (printf "%s.%s: cannot stand beside %s" $at (last $proofs) ($user | empty | ternary (first $proofs) (print "the user name in " $name))) -}}
{{- end -}}
{{- if and (not $proofs) (regexMatch "(?i)^aps-workspaces(-fips)?[.][a-z0-9-]+[.](amazonaws[.]com|api[.]aws)[.]?(:[0-9]*)?$" $authority) -}}
{{- fail (printf "%s.%s: is Amazon's; add aws: {}" $at $name) -}}
{{- end -}}
{{- $needed := dict
    "basic_auth" (list (list "username" "username_file"))
    "authorization" (list (list "credentials" "credentials_file"))
    "oauth2" (list (list "client_id") (list "client_secret" "client_secret_file") (list "token_url")) -}}
{{- range $block, $alternatives := $needed -}}
{{- if hasKey $given $block -}}
{{- range $names := $alternatives -}}
{{- $isThere := false -}}
{{- range $names }}{{ if index $given $block . }}{{ $isThere = true }}{{ end }}{{ end -}}
{{- if not $isThere -}}
{{- fail (printf "%s.%s: needs %s" $at $block (join " or " $names)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $blocks := omit $given "http_headers" "headers" "query_parameters" -}}
{{- $_ := set $blocks "oauth2.tls_config" (dig "oauth2" "tls_config" dict $given) -}}
{{- range $block, $members := $blocks -}}
{{- if kindIs "map" $members -}}
{{- range $member, $value := $members -}}
{{- if and $value (hasSuffix "_file" $member) (index $members (trimSuffix "_file" $member)) -}}
{{- fail (printf "%s.%s.%s: cannot stand beside %s" $at $block $member (trimSuffix "_file" $member)) -}}
{{- end -}}
{{- end -}}
{{- $halves := list (list "cert" "key") (list "aws_access_key_id" "aws_secret_access_key") (list "access_key" "secret_key") -}}
{{- range $halves -}}
{{- $first := or (index $members (first .)) (index $members (print (first .) "_file")) -}}
{{- $second := or (index $members (last .)) (index $members (print (last .) "_file")) -}}
{{- if and (or $first $second) (not (and $first $second)) -}}
{{- fail (printf "%s.%s.%s: needs %s as well" $at $block ($first | empty | ternary (last .) (first .)) ($first | empty | ternary (first .) (last .))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Refuses what Kubernetes would. */}}
{{- define "prometheus-mirror.checkPods" -}}
{{- $paths := list -}}
{{- range include "prometheus-mirror.volumeMounts" . | fromYamlArray -}}
{{- $path := .mountPath | toString | clean -}}
{{- if has $path $paths -}}
{{- $at := hasPrefix "secret-" .name | ternary (printf "secretMounts[%s]" (trimPrefix "secret-" .name)) "extraVolumeMounts" -}}
{{- fail (printf "%s: something is mounted at %s already; give it a path of its own" $at $path) -}}
{{- end -}}
{{- $paths = append $paths $path -}}
{{- end -}}
{{- $strategy := .Values.strategy | default dict -}}
{{- $rolling := $strategy.rollingUpdate | default dict -}}
{{- $none := list "0" "0%" -}}
{{- if and (ne (toString $strategy.type) "Recreate") (has (toString $rolling.maxSurge) $none) (has (toString $rolling.maxUnavailable) $none) -}}
{{- fail "strategy.rollingUpdate: with maxSurge and maxUnavailable of 0 no pod can be replaced; raise one of them" -}}
{{- end -}}
{{- end -}}
