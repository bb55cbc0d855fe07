package dev.cleat.helm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong values are refused before anything reaches the cluster, in words that name them. */
class RefusalTest {
  @TempDir Path scratch;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "replicas: 3                                   | '/replicas': value must be 1",
        "replicaCount: 1                               | 'replicaCount' not allowed",
        "tls: {mode: off}                              | '/tls/mode': value must be one of 'none',"
            + " 'secret', 'cert-manager'",
        "tls: {enabled: true}                          | '/tls': additional properties 'enabled'"
            + " not allowed",
        "tls: {client: {auth: always}}                 | '/tls/client/auth': value must be one of"
            + " 'optional', 'required'",
        "fullnameOverride: cleat.prod                  | '/fullnameOverride': 'cleat.prod' does"
            + " not match pattern",
        "fullnameOverride: 1cleat                      | '/fullnameOverride': '1cleat' does not"
            + " match pattern",
        "nameOverride: cleat.prod                      | '/nameOverride': 'cleat.prod' does not"
            + " match pattern",
        "nameOverride: 1e3                             | '/nameOverride': got number, want string",
        "podLabels: {app.kubernetes.io/component: x}   | invalid propertyName"
            + " 'app.kubernetes.io/component'",
        "commonLabels: {app.kubernetes.io/managed-by: x} | invalid propertyName"
            + " 'app.kubernetes.io/managed-by'",
        "podLabels: {tier: a b}                        | '/podLabels/tier': 'a b' does not match"
            + " pattern",
        "podAnnotations: {checksum/config: x}          | invalid propertyName"
            + " 'checksum/config'",
        "extraVolumes: [{name: data, emptyDir: {}}]    | '/extraVolumes/0/name': 'not' failed",
        "extraVolumeMounts: [{name: x, mountPath: /tmp}] | '/extraVolumeMounts/0/mountPath': 'not'"
            + " failed",
        "auth: {tokens: {secret: a..b}}                | '/auth/tokens/secret': 'a..b' does not"
            + " match pattern",
        "auth: {tokens: {secret: a, key: ..b}}         | '/auth/tokens/key': '..b' does not match"
            + " pattern",
        "auth: {tokens: {entries: [{name: a, tenant: t, role: owner, sha256: x, expires:"
            + " tomorrow}]}} | '/auth/tokens/entries/0/expires': 'tomorrow' does not match pattern",
        "tls: {secret: My_Secret}                      | '/tls/secret': 'My_Secret' does not match"
            + " pattern",
        "tls: {certManager: {duration: 90d}}           | '/tls/certManager/duration': '90d' does"
            + " not match pattern",
        "auth: {anonymous: 'yes'}                      | '/auth/anonymous': got string, want"
            + " boolean",
        "auth: {tokens: {entries: [{name: a}]}}        | '/auth/tokens/entries/0': missing"
            + " properties 'tenant', 'role', 'sha256'",
        "auth: {tokens: {entries: [{name: a, tenant: t, role: root, sha256: x}]}} |"
            + " '/auth/tokens/entries/0/role': value must be one of 'viewer'",
        "auth: {tokens: {entries: [{name: a, tenant: t, role: owner, token: s3cret}]}} | additional"
            + " properties 'token' not allowed",
        "auth: {jwt: {jwksUrl: http://provider/jwks}}  | '/auth/jwt/jwksUrl':"
            + " 'http://provider/jwks' does not match pattern '^(https://",
        "ports: {grpc: 443}                            | '/ports/grpc': minimum: got 443, want"
            + " 1,024",
        "ports: {grpc: '7070'}                         | '/ports/grpc': got string, want integer",
        "service: {type: Ingress}                      | '/service/type': value must be one of"
            + " 'ClusterIP'",
        "service: {annotations: {a: 1}}                | '/service/annotations/a': got number, want"
            + " string",
        "persistence: {size: 10GiB}                    | '/persistence/size': '10GiB' does not"
            + " match pattern",
        "persistence: {accessModes: [ReadOnlyMany]}    | '/persistence/accessModes/0': value must"
            + " be one of",
        "drain: {turnsSeconds: 30s}                    | '/drain/turnsSeconds': got string, want"
            + " integer",
        "drain: {graceSeconds: 7200}                   | '/drain/graceSeconds': maximum: got 7,200,"
            + " want 3,600",
        "probes: {kind: exec}                          | '/probes/kind': value must be one of"
            + " 'auto', 'grpc', 'http'",
        "podDisruptionBudget: {maxUnavailable: 50%}    | '/podDisruptionBudget/maxUnavailable': got"
            + " string, want integer",
        "networkPolicy: {clients: [{}]}                | '/networkPolicy/clients/0': minProperties:"
            + " got 0, want 1",
        "networkPolicy: {clients: {app: x}}            | '/networkPolicy/clients': got object, want"
            + " array",
        "extraEnv: [{value: x}]                        | '/extraEnv/0': missing property 'name'",
        "extraVolumeMounts: [{name: x, mountPath: cache}]  | '/extraVolumeMounts/0/mountPath':"
            + " 'cache' does not match pattern '^/'",
        "tools: [python]                               | '/tools': got array, want object",
        "tools: {python: {comand: [python3]}}          | '/tools/python': additional properties"
            + " 'comand' not allowed",
        "tenants: {a: {foo: 1}}                        | '/tenants/a': additional properties 'foo'"
            + " not allowed",
        "tenants: {a: {quotas: {sessions: 1}}}         | '/tenants/a/quotas': additional properties"
            + " 'sessions' not allowed",
        "workspaces: {a: {limits: {ram: 1GiB}}}        | '/workspaces/a/limits': additional"
            + " properties 'ram' not allowed",
        "tenants: {Team_A: {}}                         | invalid propertyName 'Team_A'",
        "config: {listen: '0.0.0.0:80'}                | '/config': additional properties 'listen'"
            + " not allowed",
        "config: {limits: {session: 5}}                | '/config/limits': additional properties"
            + " 'session' not allowed",
        "config: {limits: {sessions: many}}            | '/config/limits/sessions': got string,"
            + " want integer",
        "config: {limits: {sessions: -5}}              | '/config/limits/sessions': minimum: got"
            + " -5, want 1",
        "config: {limits: {sessions: 2000000}}         | '/config/limits/sessions': maximum",
        "config: {log: {level: loud}}                  | '/config/log/level': value must be one of",
        "config: {retention: {ended: 7 days}}          | '/config/retention/ended': '7 days' does"
            + " not match pattern",
        "config: {retention: {bytes: 2GB}}             | '/config/retention/bytes': '2GB' does not"
            + " match pattern",
        "monitoring: {serviceMonitor: {enabled: 1}}    | '/monitoring/serviceMonitor/enabled': got"
            + " number, want boolean",
      })
  void theSchemaRefuses(String values, String words) throws IOException {
    refused("auth: {anonymous: true}\n", values, words);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "tls: {mode: secret}                           | tls.secret: tls.mode is secret; name the"
            + " Secret",
        "tls: {secret: web}                            | tls.secret: is named, but tls.mode is"
            + " none",
        "tls: {mode: cert-manager}                     | tls.certManager.issuer.name: tls.mode is"
            + " cert-manager",
        "tls: {client: {secret: ca}}                   | tls.client.secret: client certificates"
            + " need TLS",
        "tls: {mode: secret, secret: web, client: {secret: ca, auth: required}} |"
            + " test.certificate.secret: tls.client.auth is required",
        "auth: {tokens: {secret: a}}\\ntest: {token: {secret: t}} | test.token.secret: the test"
            + " would send no token to another machine without TLS",
        "auth: {tokens: {secret: a}}\\ntest: {certificate: {secret: t}} | test.certificate.secret:"
            + " the server asks for no certificate",
        "probes: {kind: grpc}\\ntls: {mode: secret, secret: web} | probes.kind: the kubelet's gRPC"
            + " probe speaks no TLS",
        "probes: {kind: grpc}\\nauth: {openHealth: false} | probes.kind: the kubelet has no token",
        "auth: {tokens: {secret: a, entries: [{name: a, tenant: t, role: owner, sha256:"
            + " 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}]}} |"
            + " auth.tokens.entries: a Secret with tokens is named too",
        "auth: {jwt: {jwksUrl: 'https://a/b', secret: a, issuer: i, audience: a}} |"
            + " auth.jwt.jwksUrl: a Secret with the keys is named too",
        "auth: {jwt: {jwksUrl: 'https://a/b', issuer: i}} | auth.jwt: issuer and audience are"
            + " missing",
        "ports: {grpc: 9000, admin: 9000} | ports.admin: is the same as ports.grpc",
        "extraEnv: [{name: CLEAT_LISTEN, value: x}]    | extraEnv: CLEAT_LISTEN would override the"
            + " settings",
      })
  void valuesThatDoNotFitEachOtherAreRefused(String values, String words) throws IOException {
    refused("", values.replace("\\n", "\n"), words);
  }

  @Test
  void aServiceThatNobodyCouldCallIsRefused() throws IOException {
    refused("", "{}", "auth: nobody could call it.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cleat.prod", "123", "1cleat"})
  void aReleaseThatAServiceCannotBeCalledAfterIsRefused(String release) throws IOException {
    Path values = Chart.valueSet("anonymous");
    assertThatThrownBy(() -> Chart.template(values, release, "agents"))
        .hasMessageContaining("fullnameOverride: after the release, objects would be called");
    Path named = Files.createTempFile(scratch, "values", ".yaml");
    Files.writeString(named, "auth: {anonymous: true}\nfullnameOverride: cleat\n");
    assertThat(Chart.template(named, release, "agents")).contains("\"" + release + "\"");
  }

  @Test
  void everyMistakeIsNamedAtOnce() throws IOException {
    refused(
        "",
        "tls: {mode: secret}\nprobes: {kind: grpc}",
        "auth: nobody",
        "tls.secret:",
        "probes.kind:");
  }

  private void refused(String before, String values, String... words) throws IOException {
    Path file = Files.createTempFile(scratch, "values", ".yaml");
    boolean replaced = values.startsWith("auth:");
    Files.writeString(file, (replaced ? "" : before) + values + "\n");
    assertThatThrownBy(() -> Chart.template(file)).hasMessageContainingAll(words);
  }
}
