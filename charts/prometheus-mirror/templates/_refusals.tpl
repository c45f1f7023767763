{{/* What the mirror would refuse at its start, as far as a template can tell. */}}

{{/*
A duration or a number of seconds, in milliseconds; empty if a variable says it. That it is one is the
schema's to see.
*/}}
{{- define "prometheus-mirror.milliseconds" -}}
{{- $text := toString . -}}
{{- if regexMatch "^[0-9.]+(e[+-]?[0-9]+)?$" $text -}}
{{- mulf (float64 $text) 1000 | ceil | int64 -}}
{{- else if not (contains "${" $text) -}}
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
{{- $delay := toString (hasKey $limits "shutdown_delay" | ternary $limits.shutdown_delay "5s") -}}
{{- $drain := toString (hasKey $limits "drain" | ternary $limits.drain "20s") -}}
{{- $parts := list (include "prometheus-mirror.milliseconds" $delay) (include "prometheus-mirror.milliseconds" $drain) -}}
{{- $grace := kindIs "invalid" .Values.terminationGracePeriodSeconds | ternary 30 .Values.terminationGracePeriodSeconds -}}
{{- if not (has "" $parts) -}}
{{- $needed := add (index $parts 0) (index $parts 1) 1000 -}}
{{- if lt (mul (int64 $grace) 1000) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds: %v is less than stopping takes, config.limits.shutdown_delay (%s), config.limits.drain (%s) and 1s; set at least %d" $grace $delay $drain (ceil (divf $needed 1000) | int64)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
