/**
 * The Java client of Cleat: sessions, prompts, and attachments that survive every cut of the
 * connection with each byte delivered once in either direction. It knows the contract ({@code
 * dev.cleat.v1}) and gRPC, and shows neither on the simple path; {@link
 * dev.cleat.client.GrpcAccess} is the door to both. Read {@link dev.cleat.client.CleatClient}
 * first, then {@link dev.cleat.client.Session} and {@link dev.cleat.client.Attachment}, and for
 * agents {@link dev.cleat.client.TurnEvents} and {@link dev.cleat.client.Approval}; behind them,
 * {@code ResumeLoop} is the loop that resumes, {@code Cursor} its arithmetic and {@code
 * InputWriter} the way of the input.
 */
@NullMarked
package dev.cleat.client;

import org.jspecify.annotations.NullMarked;
