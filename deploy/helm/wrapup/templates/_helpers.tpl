{{- define "wrapup.labels" -}}
app.kubernetes.io/name: wrapup
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "wrapup.chosen" -}}
app.kubernetes.io/name: wrapup
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "wrapup.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 999
  runAsGroup: 999
  fsGroup: 999
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "wrapup.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
envFrom:
  - secretRef:
      name: {{ .Values.secretName }}
env:
  # Below the volume's own folder, which is root's: this one Wrapup makes itself, and closes.
  - name: WRAPUP_DATA_DIR
    value: /var/lib/wrapup/data
  - name: WRAPUP_PUBLIC_URL
    value: {{ .Values.publicUrl | quote }}
  - name: WRAPUP_TRUSTED_PROXIES
    value: {{ .Values.trustedProxies | quote }}
  {{- if .Values.config }}
  - name: WRAPUP_CONFIG
    value: /etc/wrapup/wrapup.toml
  {{- end }}
  {{- range $name, $value := .Values.settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end }}

{{- define "wrapup.mounts" -}}
- name: data
  mountPath: /var/lib/wrapup
- name: scratch
  mountPath: /tmp
{{- if .Values.config }}
- name: config
  mountPath: /etc/wrapup
  readOnly: true
{{- end }}
{{- end }}

{{- define "wrapup.volumes" -}}
- name: scratch
  emptyDir:
    sizeLimit: {{ .Values.scratch }}
{{- if .Values.config }}
- name: config
  configMap:
    name: {{ .Release.Name }}-config
{{- end }}
{{- end }}
