{{/* Names, labels and the image. What is configured is in _config.tpl. */}}

{{- define "prometheus-mirror.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 46 characters leave room for the longest suffix, `-caller-token`, and for a pod's own. */}}
{{- define "prometheus-mirror.fullname" -}}
{{- $name := include "prometheus-mirror.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 46 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "prometheus-mirror.selectorLabels" -}}
app.kubernetes.io/name: {{ include "prometheus-mirror.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Of the pod that `helm test` starts. */}}
{{- define "prometheus-mirror.testLabels" -}}
app.kubernetes.io/name: {{ include "prometheus-mirror.name" . | trunc 58 }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* What is known of everything, without what selects pods. */}}
{{- define "prometheus-mirror.metaLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "prometheus-mirror.labels" -}}
{{ include "prometheus-mirror.selectorLabels" . }}
{{ include "prometheus-mirror.metaLabels" . }}
{{- end -}}

{{/* Those of everything and some of one's own, which go before: (list $ LABELS). */}}
{{- define "prometheus-mirror.labelsAnd" -}}
{{- toYaml (mergeOverwrite (include "prometheus-mirror.labels" (first .) | fromYaml) (last . | default dict | deepCopy)) -}}
{{- end -}}

{{/* Without versions, which would roll the pods for nothing. */}}
{{- define "prometheus-mirror.podLabels" -}}
{{ include "prometheus-mirror.selectorLabels" . }}
{{- with mergeOverwrite dict (.Values.commonLabels | default dict) (.Values.podLabels | default dict) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "prometheus-mirror.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{- .Values.image.repository -}}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end -}}
{{- end -}}

{{/* Those of a parent chart first, which are names or `{name: …}`. */}}
{{- define "prometheus-mirror.pullSecrets" -}}
{{- $names := list -}}
{{- range concat (.Values.global.imagePullSecrets | default list) (.Values.image.pullSecrets | default list) -}}
{{- $names = append $names (dict "name" (kindIs "map" . | ternary (get (kindIs "map" . | ternary . dict) "name") .)) -}}
{{- end -}}
{{- if $names }}{{ toYaml $names }}{{ end -}}
{{- end -}}

{{- define "prometheus-mirror.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "prometheus-mirror.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Service of the admin port: the same only where that one stays inside the cluster. */}}
{{- define "prometheus-mirror.adminService" -}}
{{- include "prometheus-mirror.fullname" . -}}
{{- if ne .Values.service.type "ClusterIP" }}-admin{{ end -}}
{{- end -}}

{{/* Families of addresses, of either Service. */}}
{{- define "prometheus-mirror.families" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Set and empty, so that the image's own MIRROR_LISTEN does not go before the file. */}}
{{- define "prometheus-mirror.env" -}}
- name: MIRROR_LISTEN
  value: ""
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "prometheus-mirror.volumeMounts" -}}
- name: config
  mountPath: /etc/prometheus-mirror/config
  readOnly: true
- name: api-key
  mountPath: /etc/prometheus-mirror/api-key
  readOnly: true
{{- if include "prometheus-mirror.callerTokenSecret" . }}
- name: caller-token
  mountPath: /etc/prometheus-mirror/caller-token
  readOnly: true
{{- end }}
{{- if .Values.console.tokenSecret }}
- name: console-token
  mountPath: /etc/prometheus-mirror/console-token
  readOnly: true
{{- end }}
{{- range $at, $mount := .Values.secretMounts }}
- name: secret-{{ $at }}
  mountPath: {{ $mount.path | default (printf "/etc/prometheus-mirror/secrets/%s" $mount.secret) }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* 288 is 0440. */}}
{{- define "prometheus-mirror.volumes" -}}
- name: config
  {{- if include "prometheus-mirror.configIsSecret" . }}
  secret:
    secretName: {{ include "prometheus-mirror.fullname" . }}-config
    defaultMode: 288
  {{- else }}
  configMap:
    name: {{ include "prometheus-mirror.fullname" . }}-config
  {{- end }}
- name: api-key
  secret:
    secretName: {{ include "prometheus-mirror.apiKeySecret" . }}
    defaultMode: 288
    items:
      - key: {{ .Values.apiKey.key }}
        path: api-key
{{- with include "prometheus-mirror.callerTokenSecret" . }}
- name: caller-token
  secret:
    secretName: {{ . }}
    defaultMode: 288
    items:
      - key: {{ $.Values.callerToken.key }}
        path: token
{{- end }}
{{- with .Values.console.tokenSecret }}
- name: console-token
  secret:
    secretName: {{ . }}
    defaultMode: 288
    items:
      - key: {{ $.Values.console.tokenKey }}
        path: token
{{- end }}
{{- range $at, $mount := .Values.secretMounts }}
- name: secret-{{ $at }}
  secret:
    secretName: {{ $mount.secret }}
    defaultMode: 288
    {{- with $mount.optional }}
    optional: {{ . }}
    {{- end }}
    {{- with $mount.items }}
    items:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
