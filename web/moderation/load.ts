import type { Locale } from '../messages/messages.ts'
import { MODERATION_WORDS } from '../messages/moderation/languages.ts'
import type { ModerationWords } from '../messages/moderation/words.ts'
import type { Block, Deeds, LevelOffer, Out, Reactions, RoomNotes } from './parts.ts'

/** What a room shows of its moderation. */
export interface Moderation {
  readonly words: ModerationWords
  readonly Block: typeof Block
  readonly Deeds: typeof Deeds
  readonly LevelOffer: typeof LevelOffer
  readonly Out: typeof Out
  readonly Reactions: typeof Reactions
  readonly RoomNotes: typeof RoomNotes
}

/** The relay serves the app too and may be gone by the time that somebody moderates: so this is loaded as a room opens. */
export async function loadModeration(locale: Locale): Promise<Moderation> {
  const [parts, { words }] = await Promise.all([import('./parts.ts'), MODERATION_WORDS[locale]()])
  return {
    words,
    Block: parts.Block,
    Deeds: parts.Deeds,
    LevelOffer: parts.LevelOffer,
    Out: parts.Out,
    Reactions: parts.Reactions,
    RoomNotes: parts.RoomNotes,
  }
}
