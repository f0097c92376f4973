{{- /* A role with the rules of a template, and its binding to the accounts of components, or to
`others`: in one namespace, or in all where `namespace` is empty. */ -}}
{{- define "kube-event-metrics.grant" -}}
{{- $kind := ternary "Role" "ClusterRole" (ne .namespace "") -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
{{ include "kube-event-metrics.grantMetadata" . }}
rules:
  {{- include .rules .root | nindent 2 }}
{{- if or .components .others }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
{{ include "kube-event-metrics.grantMetadata" . }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ .name }}
subjects:
  {{- range .components }}
  - kind: ServiceAccount
    name: {{ include "kube-event-metrics.account" (dict "root" $.root "component" .) | quote }}
    namespace: {{ $.root.Release.Namespace | quote }}
  {{- end }}
  {{- range .others }}
  - kind: ServiceAccount
    name: {{ .name | quote }}
    namespace: {{ .namespace | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* What begins the names of roles for web.auth. They are the whole cluster's: a release of audit events
alone has others than the release of events, which may have its name in another namespace. */ -}}
{{- define "kube-event-metrics.asks" -}}
{{- include "kube-event-metrics.name" (dict "root" . "component" (ternary "exporter" "audit" .Values.events.enabled)) -}}
{{- end -}}

{{- define "kube-event-metrics.grantMetadata" -}}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels:
    {{- include "kube-event-metrics.labels" (dict "root" .root "component" "") | nindent 4 }}
{{- end -}}

{{- define "kube-event-metrics.rules.events" -}}
# watch: what happens now, and where the API server streams lists what was before. list: what was
# before, where it does not (until Kubernetes 1.32), or cannot for the moment.
# Events of events.k8s.io are the same objects; core/v1 shows them all.
- apiGroups: [""]
  resources: [events]
  verbs: [list, watch]
{{- end -}}

{{- define "kube-event-metrics.rules.workloads" -}}
# For workloadLabels, whose metadata alone is asked for. Which controller a pod has:
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# Which Deployment a ReplicaSet has:
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list, watch]
# Which CronJob a Job has:
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
{{- end -}}

{{- define "kube-event-metrics.rules.leader-election" -}}
# get: who leads, and what was shown last. update: to take, renew and release the lead.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "kube-event-metrics.fullname" . }}]
  verbs: [get, update]
# The first replica makes the Lease. RBAC cannot limit create by name: an object that is not there
# yet has none for it to check.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end -}}

{{- define "kube-event-metrics.rules.web-auth" -}}
# For web.auth.kubernetes. Whose the token is that a request for the metrics comes with:
- apiGroups: [authentication.k8s.io]
  resources: [tokenreviews]
  verbs: [create]
# Whether that user may get the path that is asked for. Who holds this role can learn what others
# may do; it gives nothing of it.
- apiGroups: [authorization.k8s.io]
  resources: [subjectaccessreviews]
  verbs: [create]
{{- end -}}

{{- define "kube-event-metrics.rules.scraper" -}}
# For who scrapes, where web.auth.kubernetes asks for it.
- nonResourceURLs: [/metrics]
  verbs: [get]
{{- end -}}
