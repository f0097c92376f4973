{{- /* The pod of a component. It brings kube-event-metrics.{args,ports,mounts,volumes}.COMPONENT. */ -}}
{{- define "kube-event-metrics.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- include "kube-event-metrics.selector" . | nindent 4 }}
    {{- with $values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- $annotations := dict "kubectl.kubernetes.io/default-container" "exporter" }}
  {{- if or $values.config $values.rules }}
  {{- /* These are read at the start alone. Without the labels of their ConfigMaps: a pod that is made
  anew has no checkpoint, if that is on no volume. */}}
  {{- $annotations = set $annotations "checksum/config" (list $values.config $values.rules | toYaml | sha256sum) }}
  {{- end }}
  annotations:
    {{- merge (deepCopy ($values.podAnnotations | default dict)) $annotations | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "kube-event-metrics.account" . | quote }}
  {{- if or (eq .component "exporter") $values.web.auth.kubernetes }}
  # It asks the API server with this token.
  automountServiceAccountToken: true
  {{- else }}
  # It asks nobody for anything.
  automountServiceAccountToken: false
  {{- end }}
  # No variables of the Services of this namespace: they could only be mistaken for options.
  enableServiceLinks: false
  # It ends within two seconds of SIGTERM; the rest is for a disk that is slow to sync.
  terminationGracePeriodSeconds: 10
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .scheduling.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with .scheduling.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .scheduling.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .scheduling.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .spread }}
  topologySpreadConstraints:
    {{- trim . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- toYaml .securityContext | nindent 4 }}
  containers:
    - name: exporter
      image: {{ include "kube-event-metrics.image" .root | quote }}
      {{- with $values.image.pullPolicy }}
      imagePullPolicy: {{ . }}
      {{- end }}
      args:
        {{- include (print "kube-event-metrics.args." .component) .root | nindent 8 }}
        {{- with include "kube-event-metrics.args" .root | trim }}
        {{- . | nindent 8 }}
        {{- end }}
      {{- with $values.env }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: metrics
          containerPort: 10360
        {{- if eq .component "audit-webhook" }}
        - name: audit
          containerPort: 10361
        {{- end }}
      livenessProbe:
        {{- include "kube-event-metrics.probe" (dict "root" .root "path" "/livez") | nindent 8 }}
      readinessProbe:
        {{- include "kube-event-metrics.probe" (dict "root" .root "path" "/readyz") | nindent 8 }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      {{- $mounts := print (include (print "kube-event-metrics.mounts." .component) .root) (include "kube-event-metrics.mounts" .root) }}
      {{- with trim $mounts }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- $volumes := print (include (print "kube-event-metrics.volumes." .component) .root) (include "kube-event-metrics.volumes" .root) }}
  {{- with trim $volumes }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "kube-event-metrics.probe" -}}
{{- if eq (include "kube-event-metrics.probes" .root) "tcp" -}}
tcpSocket:
  port: metrics
{{- else -}}
httpGet:
  path: {{ .path }}
  port: metrics
  {{- if eq (include "kube-event-metrics.scheme" .root) "https" }}
  scheme: HTTPS
  {{- end }}
{{- end }}
timeoutSeconds: 5
{{- end -}}

{{- /* What follows is for every component. */ -}}
{{- define "kube-event-metrics.args" }}
{{- with .Values.clusterName }}
- {{ print "--cluster.name=" . | quote }}
{{- end }}
{{- range $name, $value := .Values.seriesLabels }}
- {{ printf "--label=%s=%s" $name $value | quote }}
{{- end }}
{{- if .Values.config }}
- --config.file=/etc/kube-event-metrics/config/config.yaml
{{- end }}
{{- range $name, $_ := .Values.rules }}
- --rules.file=/etc/kube-event-metrics/rules/{{ $name }}
{{- end }}
{{- if or .Values.web.config .Values.web.configSecret }}
- {{ print "--web.config.file=/etc/kube-event-metrics/web/" .Values.web.configKey | quote }}
{{- end }}
{{- if .Values.web.auth.kubernetes }}
- --web.auth.kubernetes
{{- end }}
{{- end -}}

{{- define "kube-event-metrics.mounts" -}}
{{- $places := dict "config" .Values.config "rules" .Values.rules "web" (or .Values.web.config .Values.web.configSecret) }}
{{- range $name, $used := $places }}
{{- if $used }}
- name: {{ $name }}
  mountPath: /etc/kube-event-metrics/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kube-event-metrics.volumes" -}}
{{- $fullname := include "kube-event-metrics.fullname" . }}
{{- range $name, $used := dict "config" .Values.config "rules" .Values.rules }}
{{- if $used }}
- name: {{ $name }}
  configMap:
    name: {{ $fullname }}-{{ $name }}
{{- end }}
{{- end }}
{{- if or .Values.web.config .Values.web.configSecret }}
# Read anew when it changes, certificates too.
- name: web
  projected:
    defaultMode: 288 # 0440, which readers of YAML take for one number or another
    sources:
      - secret:
          name: {{ .Values.web.configSecret | default (print $fullname "-web") | quote }}
      {{- with .Values.web.certificateSecret }}
      - secret:
          name: {{ . | quote }}
      {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* A checkpoint's volume: (root, component, persistence). */ -}}
{{- define "kube-event-metrics.state" }}
{{- if .persistence.enabled }}
- name: state
  persistentVolumeClaim:
    claimName: {{ .persistence.existingClaim | default (include "kube-event-metrics.name" .) | quote }}
{{- else }}
# Outlives a crash of the container, not the pod.
- name: state
  emptyDir:
    sizeLimit: 256Mi
{{- end }}
{{- end -}}
