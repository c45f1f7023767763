{{/* The thresholds of the alerts. */}}

{{/*
Those of the mixin, once those of the values are known to be of the same kind: what is put into the
text of the alerts must leave it YAML, and each expression one.
*/}}
{{- define "prometheus-mirror.thresholds" -}}
{{- $thresholds := .Files.Get "files/monitoring/thresholds.yaml" | fromYaml -}}
{{- $duration := "^([0-9]+(ms|s|m|h|d|w|y))+$" -}}
{{- range $name, $value := .Values.metrics.prometheusRule.thresholds -}}
{{- $at := printf "metrics.prometheusRule.thresholds.%s" $name -}}
{{- if not (hasKey $thresholds $name) -}}
{{- fail (printf "%s: no such threshold; there are %s" $at (keys $thresholds | sortAlpha | join ", ")) -}}
{{- end -}}
{{- $default := get $thresholds $name -}}
{{- if not (kindIs "string" $default) -}}
{{- if not (regexMatch "^[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?$" (toString $value)) -}}
{{- fail (printf "%s: must be a number, as %v" $at $default) -}}
{{- end -}}
{{- else if regexMatch $duration $default -}}
{{- if not (regexMatch $duration (toString $value)) -}}
{{- fail (printf "%s: must be a duration, as %s" $at $default) -}}
{{- end -}}
{{- else if not (regexMatch `^[A-Za-z0-9_./][^\s"'\\@]*$` (toString $value)) -}}
{{- fail (printf "%s: must be one word without quotes, as %s" $at $default) -}}
{{- end -}}
{{- end -}}
{{- toYaml $thresholds -}}
{{- end -}}
