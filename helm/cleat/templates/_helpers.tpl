{{/* What the objects are called: the release, and the chart where the release does not say so. */}}
{{- define "cleat.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- regexReplaceAll "-+$" (default $full .Values.fullnameOverride | trunc 50) "" -}}
{{- end -}}

{{- define "cleat.headless" -}}
{{ include "cleat.fullname" . }}-headless
{{- end -}}

{{- define "cleat.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "cleat.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* What never changes in the life of a release: a StatefulSet's selector cannot. */}}
{{- define "cleat.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "cleat.commonLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "cleat.labels" -}}
{{ include "cleat.commonLabels" . }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "cleat.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "cleat.tls" -}}
{{- if ne .Values.tls.mode "none" -}}true{{- end -}}
{{- end -}}

{{- define "cleat.tlsSecret" -}}
{{- if eq .Values.tls.mode "cert-manager" -}}
{{ include "cleat.fullname" . }}-tls
{{- else -}}
{{ .Values.tls.secret }}
{{- end -}}
{{- end -}}

{{/* What a client trusts that knows nothing else of the server: a Secret and its key. */}}
{{- define "cleat.caSecret" -}}
{{ default (include "cleat.tlsSecret" .) .Values.test.ca.secret }}
{{- end -}}

{{- define "cleat.caKey" -}}
{{- if .Values.test.ca.secret -}}
{{ .Values.test.ca.key }}
{{- else if eq .Values.tls.mode "cert-manager" -}}
ca.crt
{{- else -}}
{{- /* `kubectl create secret tls` puts no authority there: then it is the server's certificate itself. */ -}}
tls.crt
{{- end -}}
{{- end -}}

{{/* Who answers the kubelet. Its gRPC probe speaks no TLS and has no token, so it needs neither to be wanted. */}}
{{- define "cleat.probeKind" -}}
{{- if ne .Values.probes.kind "auto" -}}
{{ .Values.probes.kind }}
{{- else if or (include "cleat.tls" .) (not .Values.auth.openHealth) -}}
http
{{- else -}}
grpc
{{- end -}}
{{- end -}}

{{/* The action of a probe; its argument has the chart's context and the path that stands for it over HTTP. */}}
{{- define "cleat.probe" -}}
{{- if eq (include "cleat.probeKind" .context) "grpc" -}}
grpc:
  port: {{ .context.Values.ports.grpc }}
{{- else -}}
httpGet:
  path: {{ .path }}
  port: admin
{{- end -}}
{{- end -}}

{{/* The Secret with the file of tokens; empty if there is none. */}}
{{- define "cleat.tokens" -}}
{{- if .Values.auth.tokens.secret -}}
{{ .Values.auth.tokens.secret }}
{{- else if .Values.auth.tokens.entries -}}
{{ include "cleat.fullname" . }}-tokens
{{- end -}}
{{- end -}}

{{/* Whether JWTs are taken. */}}
{{- define "cleat.jwt" -}}
{{- if or .Values.auth.jwt.jwksUrl .Values.auth.jwt.secret -}}true{{- end -}}
{{- end -}}

{{/* Whether there is a policy file. */}}
{{- define "cleat.policy" -}}
{{- if or .Values.workspaces .Values.tenants -}}true{{- end -}}
{{- end -}}

{{/* Whether there is a file that the server reads again when it changes. */}}
{{- define "cleat.files" -}}
{{- if or .Values.tools (include "cleat.policy" .) -}}true{{- end -}}
{{- end -}}

{{/* Whether somebody has a way to say who they are. */}}
{{- define "cleat.identity" -}}
{{- if or (include "cleat.tokens" .) (include "cleat.jwt" .) .Values.tls.client.secret -}}true{{- end -}}
{{- end -}}
