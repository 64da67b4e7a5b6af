/** The ranks of a room (SPEC §7.2). Each may act on those strictly below it, and on nobody else. */
export const LEVEL = {
  creator: 100,
  /** Whom the creator handed the room to. */
  successor: 90,
  moderator: 80,
  comoderator: 60,
  speaker: 20,
  listener: 0,
} as const

export type Level = (typeof LEVEL)[keyof typeof LEVEL]

/** Levels that somebody can be granted. */
export const GRANTABLE: readonly Level[] = [LEVEL.moderator, LEVEL.comoderator, LEVEL.speaker]

/** From this level on a person may bring others on stage, mute, lower and remove them. */
export function moderates(level: Level): boolean {
  return level >= LEVEL.comoderator
}
