{{- /* Names and labels. Alerts and dashboards know exporters by a job with this name in it. */ -}}
{{- define "kube-event-metrics.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "kube-event-metrics" (.Release.Name | trunc 48) -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- .Release.Name | trunc 29 | trimSuffix "-" }}-kube-event-metrics
{{- end -}}
{{- end -}}

{{- /* Of a component: exporter, or audit and audit-webhook, of which there is one at most. */ -}}
{{- define "kube-event-metrics.name" -}}
{{- include "kube-event-metrics.fullname" .root }}{{ ternary "" "-audit" (eq .component "exporter") -}}
{{- end -}}

{{- define "kube-event-metrics.account" -}}
{{- if .root.Values.serviceAccount.create -}}
{{- ternary .root.Values.serviceAccount.name "" (eq .component "exporter") | default (include "kube-event-metrics.name" .) -}}
{{- else -}}
{{- .root.Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kube-event-metrics.selector" -}}
app.kubernetes.io/name: kube-event-metrics
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end -}}

{{- define "kube-event-metrics.labels" -}}
{{ include "kube-event-metrics.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | replace "+" "_" | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version | replace "+" "_" }}
{{- with merge (deepCopy (.labels | default dict)) (.root.Values.commonLabels | default dict) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Of what belongs to one component and has its name. */ -}}
{{- define "kube-event-metrics.metadata" -}}
name: {{ include "kube-event-metrics.name" . }}
namespace: {{ .root.Release.Namespace | quote }}
labels:
  {{- include "kube-event-metrics.labels" . | nindent 2 }}
{{- end -}}

{{- define "kube-event-metrics.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /* The component that has audit events; empty where none has. */ -}}
{{- define "kube-event-metrics.auditComponent" -}}
{{- get (dict "log" "audit" "webhook" "audit-webhook") .Values.audit.source -}}
{{- end -}}

{{- define "kube-event-metrics.hasOperator" -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" }}true{{ end -}}
{{- end -}}

{{- /* ServiceMonitor, PodMonitor, annotations or none. */ -}}
{{- define "kube-event-metrics.monitor" -}}
{{- if ne .Values.monitor.kind "auto" -}}
{{- .Values.monitor.kind -}}
{{- else -}}
{{- ternary "ServiceMonitor" "annotations" (eq (include "kube-event-metrics.hasOperator" .) "true") -}}
{{- end -}}
{{- end -}}

{{- /* Rules and dashboards are the same for all exporters: those of events bring them. */ -}}
{{- define "kube-event-metrics.wanted" -}}
{{- if eq (toString .wanted) "auto" -}}
{{- if .root.Values.events.enabled }}{{ include "kube-event-metrics.hasOperator" .root }}{{ end -}}
{{- else if .wanted -}}
true
{{- end -}}
{{- end -}}

{{- /* Whether the endpoint says itself what Prometheus shows: it may show one token alone. */ -}}
{{- define "kube-event-metrics.ownToken" -}}
{{- with .Values.monitor.endpoint -}}
{{- if or .authorization .bearerTokenSecret .oauth2 }}true{{ end -}}
{{- end -}}
{{- end -}}

{{- define "kube-event-metrics.scheme" -}}
{{- if ne .Values.web.scheme "auto" -}}
{{- .Values.web.scheme -}}
{{- else -}}
{{- ternary "https" "http" (or (not (empty .Values.web.configSecret)) (hasKey (.Values.web.config | default dict) "tls_server_config")) -}}
{{- end -}}
{{- end -}}

{{- /* The kubelet shows no certificate: where one is demanded it can see that the port is open. */ -}}
{{- define "kube-event-metrics.probes" -}}
{{- if ne .Values.web.probes "auto" -}}
{{- .Values.web.probes -}}
{{- else -}}
{{- $type := dig "tls_server_config" "client_auth_type" "" (.Values.web.config | default dict) -}}
{{- ternary "tcp" "http" (has $type (list "RequireAnyClientCert" "RequireAndVerifyClientCert")) -}}
{{- end -}}
{{- end -}}
