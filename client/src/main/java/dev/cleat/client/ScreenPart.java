package dev.cleat.client;

/** What a picture of a screen has beyond its text, for those who ask for it. */
public enum ScreenPart {
  /** How the characters look: {@link ScreenPicture#spans}. */
  STYLES,
  /** What draws the picture again on a terminal: {@link ScreenPicture#restore}. */
  RESTORE
}
