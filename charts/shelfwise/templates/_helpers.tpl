{{/* The names of everything that the chart makes. 63 characters is what a label holds. */}}
{{- define "shelfwise.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "shelfwise.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "shelfwise.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "shelfwise.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "shelfwise.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "shelfwise.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name must name an existing ServiceAccount when serviceAccount.create is false." .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* Selectors are immutable: these never change. The component keeps serving pods, of the same name, out. */}}
{{- define "shelfwise.selectorLabels" -}}
app.kubernetes.io/name: {{ include "shelfwise.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "shelfwise.labels" -}}
{{ include "shelfwise.selectorLabels" . }}
app.kubernetes.io/part-of: shelfwise
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* An image reference. Takes (list image chart). */}}
{{- define "shelfwise.image" -}}
{{- $image := index . 0 }}
{{- $chart := index . 1 }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository (default $chart.AppVersion $image.tag) }}
{{- end }}
{{- end }}
