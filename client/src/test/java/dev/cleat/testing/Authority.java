package dev.cleat.testing;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority for tests. Safe for use by any thread. */
public final class Authority {
  private static final Duration A_DAY = Duration.ofDays(1);

  private final Identity own;

  private Authority(Identity own) {
    this.own = own;
  }

  /**
   * A certificate with its key.
   *
   * @param chain the certificate, and its authority's
   */
  public record Identity(List<X509Certificate> chain, PrivateKey key) {
    /** Writes both as PEM, each at once. */
    public void write(Path certificateFile, Path keyFile) throws IOException {
      replace(certificateFile, pem(chain));
      replace(keyFile, block("PRIVATE KEY", key.getEncoded()));
    }

    /** The certificate without its authority's. */
    public X509Certificate certificate() {
      return chain.get(0);
    }
  }

  /** A new one. */
  public static Authority create() throws GeneralSecurityException {
    KeyPair pair = pair();
    X500Principal name = new X500Principal("CN=authority for tests");
    return new Authority(
        new Identity(
            List.of(
                certificate(
                    name,
                    pair.getPrivate(),
                    name,
                    pair,
                    List.of(),
                    Instant.now().minus(A_DAY),
                    Instant.now().plus(A_DAY),
                    true)),
            pair.getPrivate()));
  }

  /** A certificate for a server on loopback, also under further names, valid for a day. */
  public Identity server(String... further) throws GeneralSecurityException {
    return server(Instant.now().minus(A_DAY), further);
  }

  /** Likewise, from then on. */
  public Identity server(Instant begin, String... further) throws GeneralSecurityException {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
    names.add(new GeneralName(GeneralName.dNSName, "localhost"));
    for (String name : further) {
      names.add(new GeneralName(GeneralName.dNSName, name));
    }
    return sign("CN=server for tests", names, begin, Instant.now().plus(A_DAY));
  }

  /** A certificate for a client, valid for a day. */
  public Identity client(String subject, String... uris) throws GeneralSecurityException {
    return client(Instant.now().plus(A_DAY), subject, uris);
  }

  /** A certificate for a client. */
  public Identity client(Instant end, String subject, String... uris)
      throws GeneralSecurityException {
    List<GeneralName> names = new ArrayList<>();
    for (String uri : uris) {
      names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    }
    return sign(subject, names, Instant.now().minus(A_DAY), end);
  }

  private Identity sign(String subject, List<GeneralName> names, Instant begin, Instant end)
      throws GeneralSecurityException {
    KeyPair pair = pair();
    X509Certificate certificate =
        certificate(
            own.certificate().getSubjectX500Principal(),
            own.key(),
            new X500Principal(subject),
            pair,
            names,
            begin,
            end,
            false);
    return new Identity(List.of(certificate, own.certificate()), pair.getPrivate());
  }

  /** Writes its own certificate as PEM, with those of others, at once. */
  public void write(Path file, Authority... others) throws IOException {
    List<X509Certificate> all = new ArrayList<>(List.of(own.certificate()));
    for (Authority other : others) {
      all.add(other.own.certificate());
    }
    replace(file, pem(all));
  }

  private static KeyPair pair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static X509Certificate certificate(
      X500Principal issuer,
      PrivateKey signer,
      X500Principal subject,
      KeyPair pair,
      List<GeneralName> names,
      Instant begin,
      Instant end,
      boolean authority)
      throws GeneralSecurityException {
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(64, new SecureRandom()),
              Date.from(begin),
              Date.from(end),
              subject,
              pair.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
      if (!names.isEmpty()) {
        builder.addExtension(
            Extension.subjectAlternativeName,
            false,
            new GeneralNames(names.toArray(GeneralName[]::new)));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer)));
    } catch (OperatorException | IOException e) {
      throw new GeneralSecurityException(e);
    }
  }

  private static String pem(List<X509Certificate> certificates) throws IOException {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate certificate : certificates) {
      try {
        pem.append(block("CERTIFICATE", certificate.getEncoded()));
      } catch (GeneralSecurityException e) {
        throw new IOException(e);
      }
    }
    return pem.toString();
  }

  private static String block(String what, byte[] bytes) {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
    return "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n";
  }

  /** So that nobody reads half of it. */
  private static void replace(Path file, String text) throws IOException {
    Path draft = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
    Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
