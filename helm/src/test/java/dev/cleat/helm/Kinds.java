package dev.cleat.helm;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.fabric8.certmanager.api.model.v1.Certificate;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.util.Map;

/** What each kind of object may have, at every depth. */
final class Kinds {
  private static final Map<String, Class<?>> TYPES =
      Map.ofEntries(
          entry("v1 ConfigMap", ConfigMap.class),
          entry("v1 Pod", Pod.class),
          entry("v1 Secret", Secret.class),
          entry("v1 Service", Service.class),
          entry("v1 ServiceAccount", ServiceAccount.class),
          entry("apps/v1 StatefulSet", StatefulSet.class),
          entry("policy/v1 PodDisruptionBudget", PodDisruptionBudget.class),
          entry("networking.k8s.io/v1 NetworkPolicy", NetworkPolicy.class),
          entry("cert-manager.io/v1 Certificate", Certificate.class),
          entry("monitoring.coreos.com/v1 ServiceMonitor", ServiceMonitor.class),
          entry("monitoring.coreos.com/v1 PrometheusRule", PrometheusRule.class));

  /**
   * The types keep what they do not know, and take a number for a text; here both are mistakes, as
   * the second is in a cluster.
   */
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .annotationIntrospector(
              new JacksonAnnotationIntrospector() {
                @Override
                public Boolean hasAnySetter(Annotated annotated) {
                  return false;
                }
              })
          .withCoercionConfig(
              LogicalType.Textual,
              texts ->
                  texts
                      .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                      .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
          .build();

  private Kinds() {}

  /**
   * The object with its type.
   *
   * @throws IllegalArgumentException naming a field that its type does not have, or not so
   */
  static Object typed(JsonNode object) {
    String kind = object.at("/apiVersion").asText() + " " + object.at("/kind").asText();
    Class<?> type = TYPES.get(kind);
    if (type == null) {
      throw new IllegalArgumentException("no type is known for " + kind);
    }
    return STRICT.convertValue(object, type);
  }
}
