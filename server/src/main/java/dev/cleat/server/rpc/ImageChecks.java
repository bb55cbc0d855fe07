package dev.cleat.server.rpc;

import com.google.protobuf.ByteString;
import dev.cleat.v1.Image;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What the pictures of a prompt must be like. */
final class ImageChecks {
  private static final int IMAGES = 10;
  private static final int BYTES = 3 << 20;

  /** The types, by what their bytes begin with. */
  private enum Type {
    PNG,
    JPEG,
    GIF,
    WEBP;

    private static final ByteString PNG_HEAD =
        ByteString.copyFrom(HexFormat.of().parseHex("89504e470d0a1a0a"));
    private static final ByteString JPEG_HEAD =
        ByteString.copyFrom(HexFormat.of().parseHex("ffd8ff"));
    private static final int WEBP_NAME = 8;

    static Optional<Type> named(String mimeType) {
      return Arrays.stream(values()).filter(type -> type.toString().equals(mimeType)).findFirst();
    }

    static Optional<Type> of(ByteString data) {
      return Arrays.stream(values()).filter(type -> type.begins(data)).findFirst();
    }

    private boolean begins(ByteString data) {
      return switch (this) {
        case PNG -> data.startsWith(PNG_HEAD);
        case JPEG -> data.startsWith(JPEG_HEAD);
        case GIF -> data.startsWith(ascii("GIF87a")) || data.startsWith(ascii("GIF89a"));
        case WEBP ->
            data.startsWith(ascii("RIFF"))
                && data.size() > WEBP_NAME
                && data.substring(WEBP_NAME).startsWith(ascii("WEBP"));
      };
    }

    private static ByteString ascii(String text) {
      return ByteString.copyFrom(text, StandardCharsets.US_ASCII);
    }

    /** As it is written in a request. */
    @Override
    public String toString() {
      return "image/" + name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private ImageChecks() {}

  /** Adds what is wrong with them. */
  static void check(Checks checks, List<Image> images) {
    checks.require(
        images.size() <= IMAGES, "images", "may be at most " + IMAGES + "; send the others later");
    final long bytes = images.stream().mapToLong(image -> image.getData().size()).sum();
    checks.require(
        bytes <= BYTES,
        "images",
        "may have at most " + BYTES + " bytes together, and have " + bytes);
    for (int i = 0; i < images.size(); i++) {
      check(checks, images.get(i), "images[" + i + "]");
    }
  }

  private static void check(Checks checks, Image image, String field) {
    final Optional<Type> said = Type.named(image.getMimeType());
    checks
        .require(
            said.isPresent(),
            field + ".mime_type",
            "must be one of "
                + Arrays.stream(Type.values())
                    .map(Type::toString)
                    .collect(Collectors.joining(", ")))
        .require(!image.getData().isEmpty(), field + ".data", "must not be empty");
    if (said.isPresent() && !image.getData().isEmpty()) {
      final Optional<Type> found = Type.of(image.getData());
      checks.require(
          found.equals(said),
          field + ".data",
          "is not what mime_type says: it begins like "
              + found.map(Type::toString).orElse("none of the types that are taken"));
    }
  }
}
