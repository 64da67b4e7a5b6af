import type { ReactionKind } from '../protocol/room/reaction.ts'

/** How each reaction is drawn; in words it is in the catalogue. */
export const EMOJI: Readonly<Record<ReactionKind, string>> = {
  clap: '👏',
  heart: '❤️',
  laugh: '😂',
  agree: '👍',
  wow: '😮',
}
