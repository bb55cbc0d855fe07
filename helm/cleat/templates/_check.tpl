{{/* What a schema cannot say, or not in words: every mistake at once. */}}
{{- define "cleat.check" -}}
{{- $problems := list -}}
{{- $tls := include "cleat.tls" . -}}
{{- $name := include "cleat.fullname" . -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name) -}}
{{- $problems = append $problems (printf "fullnameOverride: after the release, objects would be called %s, and a Service's name has a-z, 0-9 and '-' only and begins with a letter; give them another name" $name) -}}
{{- end -}}
{{- if not (or (include "cleat.identity" .) .Values.auth.anonymous) -}}
{{- $problems = append $problems "auth: nobody could call it. Give tokens (auth.tokens.entries or auth.tokens.secret), keys of JWTs (auth.jwt.jwksUrl or auth.jwt.secret) or an authority of client certificates (tls.client.secret), or let everybody in who gets past the network policy (auth.anonymous: true)" -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "secret") (not .Values.tls.secret) -}}
{{- $problems = append $problems "tls.secret: tls.mode is secret; name the Secret of type kubernetes.io/tls" -}}
{{- end -}}
{{- if and (ne .Values.tls.mode "secret") .Values.tls.secret -}}
{{- $problems = append $problems (printf "tls.secret: is named, but tls.mode is %s; set it to secret" .Values.tls.mode) -}}
{{- end -}}
{{- if and (eq .Values.tls.mode "cert-manager") (not .Values.tls.certManager.issuer.name) -}}
{{- $problems = append $problems "tls.certManager.issuer.name: tls.mode is cert-manager; name its Issuer or ClusterIssuer" -}}
{{- end -}}
{{- if and .Values.auth.tokens.entries .Values.auth.tokens.secret -}}
{{- $problems = append $problems "auth.tokens.entries: a Secret with tokens is named too (auth.tokens.secret); give one of them" -}}
{{- end -}}
{{- if and .Values.auth.jwt.jwksUrl .Values.auth.jwt.secret -}}
{{- $problems = append $problems "auth.jwt.jwksUrl: a Secret with the keys is named too (auth.jwt.secret); give one of them" -}}
{{- end -}}
{{- if and (include "cleat.jwt" .) (not (and .Values.auth.jwt.issuer .Values.auth.jwt.audience)) -}}
{{- $problems = append $problems "auth.jwt: issuer and audience are missing; else a token that was meant for another service would do here" -}}
{{- end -}}
{{- if and .Values.tls.client.secret (not $tls) -}}
{{- $problems = append $problems "tls.client.secret: client certificates need TLS; set tls.mode to secret or cert-manager" -}}
{{- end -}}
{{- if and .Values.test.enabled .Values.tls.client.secret (eq .Values.tls.client.auth "required") (not .Values.test.certificate.secret) -}}
{{- $problems = append $problems "test.certificate.secret: tls.client.auth is required, also of the pod of helm test; name a Secret with a certificate for it, or set test.enabled: false" -}}
{{- end -}}
{{- if and .Values.test.enabled .Values.test.token.secret (not $tls) -}}
{{- $problems = append $problems "test.token.secret: the test would send no token to another machine without TLS; set tls.mode to secret or cert-manager, or leave it out, and helm test asks for the server's health only" -}}
{{- end -}}
{{- if and .Values.test.enabled .Values.test.certificate.secret (not .Values.tls.client.secret) -}}
{{- $problems = append $problems "test.certificate.secret: the server asks for no certificate; name the authority of its clients' in tls.client.secret" -}}
{{- end -}}
{{- if and (eq .Values.probes.kind "grpc") $tls -}}
{{- $problems = append $problems "probes.kind: the kubelet's gRPC probe speaks no TLS; with TLS it has to be auto or http" -}}
{{- end -}}
{{- if and (eq .Values.probes.kind "grpc") (not .Values.auth.openHealth) -}}
{{- $problems = append $problems "probes.kind: the kubelet has no token; with auth.openHealth: false it has to be auto or http" -}}
{{- end -}}
{{- if eq (int .Values.ports.grpc) (int .Values.ports.admin) -}}
{{- $problems = append $problems "ports.admin: is the same as ports.grpc; metrics and probes have a port of their own" -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if and (hasPrefix "CLEAT_" .name) (ne .name "CLEAT_JAVA_OPTS") -}}
{{- $problems = append $problems (printf "extraEnv: %s would override the settings that the chart writes; put it under config, or set the chart's own value" .name) -}}
{{- end -}}
{{- end -}}
{{- if $problems -}}
{{- fail (printf "\n- %s\n" (join "\n- " $problems)) -}}
{{- end -}}
{{- end -}}
