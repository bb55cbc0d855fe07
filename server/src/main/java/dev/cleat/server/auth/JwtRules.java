package dev.cleat.server.auth;

/**
 * Which JWTs are taken, and where they say who bears them.
 *
 * @param issuer their {@code iss}
 * @param audience one of their {@code aud}
 * @param tenantClaim the claim with the tenant
 * @param subjectClaim the claim with the subject
 * @param roleClaim the claim with the role
 */
public record JwtRules(
    String issuer, String audience, String tenantClaim, String subjectClaim, String roleClaim) {}
