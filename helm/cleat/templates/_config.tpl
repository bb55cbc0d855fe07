{{/* config.yaml: what the chart decides, over what `config` says. The schema keeps the two apart. */}}
{{- define "cleat.config" -}}
{{- /* The folder of the volume itself is root's, and the server wants one that it can close to everybody else. */}}
{{- $own := dict
  "listen" (printf "%s:%v" .Values.bindAddress .Values.ports.grpc)
  "data" "/var/lib/cleat/data"
  "admin" (dict "listen" (printf "%s:%v" .Values.bindAddress .Values.ports.admin))
  "auth" (include "cleat.config.auth" . | fromYaml)
  "session" (dict "stop_grace" (printf "%vs" .Values.drain.processSeconds))
  "shutdown" (dict "turns" (printf "%vs" .Values.drain.turnsSeconds) "grace" (printf "%vs" .Values.drain.graceSeconds))
}}
{{- if .Values.tools }}
{{- $_ := set $own "catalogue" "/etc/cleat/catalogue.yaml" }}
{{- end }}
{{- if include "cleat.policy" . }}
{{- $_ := set $own "policy" "/etc/cleat/policy.yaml" }}
{{- end }}
{{- if include "cleat.tls" . }}
{{- $_ := set $own "tls" (include "cleat.config.tls" . | fromYaml) }}
{{- end }}
{{- /* Without both TLS and credentials, what stands before the port is the network policy. */}}
{{- if or (not (and (include "cleat.tls" .) (include "cleat.identity" .))) .Values.auth.anonymous }}
{{- $_ := set $own "allow_insecure_listen" true }}
{{- end }}
{{- toYaml (mergeOverwrite (deepCopy .Values.config) $own) }}
{{- end -}}

{{- define "cleat.config.tls" -}}
cert: /etc/cleat/tls/tls.crt
key: /etc/cleat/tls/tls.key
{{- if .Values.tls.client.secret }}
client_ca: /etc/cleat/tls/client-ca.crt
client_auth: {{ .Values.tls.client.auth }}
client_role: {{ .Values.tls.client.role }}
{{- end }}
{{- end -}}

{{- define "cleat.config.auth" -}}
open_health: {{ .Values.auth.openHealth }}
open_reflection: {{ .Values.auth.openReflection }}
{{- if .Values.auth.anonymous }}
anonymous: true
{{- end }}
{{- if include "cleat.tokens" . }}
tokens: /etc/cleat/auth/tokens.yaml
{{- end }}
{{- if include "cleat.jwt" . }}
jwt_keys: {{ default "/etc/cleat/auth/jwks.json" .Values.auth.jwt.jwksUrl | quote }}
{{- if .Values.auth.jwt.issuer }}
jwt_issuer: {{ .Values.auth.jwt.issuer | quote }}
{{- end }}
{{- if .Values.auth.jwt.audience }}
jwt_audience: {{ .Values.auth.jwt.audience | quote }}
{{- end }}
jwt_tenant: {{ .Values.auth.jwt.tenantClaim | quote }}
jwt_subject: {{ .Values.auth.jwt.subjectClaim | quote }}
jwt_role: {{ .Values.auth.jwt.roleClaim | quote }}
{{- end }}
{{- if .Values.auth.ticketKeys.secret }}
ticket_keys: /etc/cleat/auth/ticket-keys.yaml
{{- end }}
{{- end -}}

{{/* policy.yaml */}}
{{- define "cleat.policyFile" -}}
{{- $policy := dict }}
{{- if .Values.tenants }}
{{- $_ := set $policy "tenants" .Values.tenants }}
{{- end }}
{{- if .Values.workspaces }}
{{- $_ := set $policy "workspaces" .Values.workspaces }}
{{- end }}
{{- toYaml $policy }}
{{- end -}}

{{/* What /etc/cleat is put together from. */}}
{{- define "cleat.sources" -}}
- configMap:
    name: {{ include "cleat.fullname" . }}-config
{{- if include "cleat.files" . }}
- configMap:
    name: {{ include "cleat.fullname" . }}-files
{{- end }}
{{- if include "cleat.tls" . }}
- secret:
    name: {{ include "cleat.tlsSecret" . | quote }}
    items:
      - {key: tls.crt, path: tls/tls.crt}
      - {key: tls.key, path: tls/tls.key}
{{- end }}
{{- if .Values.tls.client.secret }}
- secret:
    name: {{ .Values.tls.client.secret | quote }}
    items:
      - {key: {{ .Values.tls.client.key | quote }}, path: tls/client-ca.crt}
{{- end }}
{{- if include "cleat.tokens" . }}
- secret:
    name: {{ include "cleat.tokens" . | quote }}
    items:
      - {key: {{ .Values.auth.tokens.key | quote }}, path: auth/tokens.yaml}
{{- end }}
{{- if .Values.auth.jwt.secret }}
- secret:
    name: {{ .Values.auth.jwt.secret | quote }}
    items:
      - {key: {{ .Values.auth.jwt.key | quote }}, path: auth/jwks.json}
{{- end }}
{{- if .Values.auth.ticketKeys.secret }}
- secret:
    name: {{ .Values.auth.ticketKeys.secret | quote }}
    items:
      - {key: {{ .Values.auth.ticketKeys.key | quote }}, path: auth/ticket-keys.yaml}
{{- end }}
{{- end -}}

{{/* From SIGTERM to the kill: every step of the drain to its end, and time to sync the journals and save. */}}
{{- define "cleat.terminationSeconds" -}}
{{- add .Values.drain.delaySeconds .Values.drain.turnsSeconds .Values.drain.graceSeconds .Values.drain.processSeconds 10 -}}
{{- end -}}
