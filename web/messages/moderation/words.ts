import type {
  LinkFailure,
  OutView,
  RoomDecisionView,
  RoomDeed,
  RoomView,
  RoomWhyView,
} from '../../../node/view.ts'
import type { VoiceCheck } from '../../../node/voice/opener.ts'
import type { ReactionKind } from '../../../protocol/room/reaction.ts'
import type { Grade } from '../../audio/grade.ts'

/** Those deeds about a person that this part of the app offers; the others are on the person's card from the start. */
export type Weighty = Extract<RoomDeed, 'comoderator' | 'moderator' | 'hand' | 'remove' | 'ban'>

/** What stands in the record, as far as it is about people or the room. */
export type Recorded = Extract<
  RoomDecisionView['what'],
  'hand' | 'lower' | 'mute' | 'unmute' | 'remove' | 'ban' | 'unban' | 'revoke' | 'lock' | 'unlock' | 'end'
>

/** The sentences about the stage and moderation, which are loaded with the first room. */
export interface ModerationWords {
  readonly deeds: Readonly<Record<Weighty, string>>
  readonly deedsMore: Readonly<Record<Weighty, (name: string) => string>>
  readonly why: Readonly<Record<RoomWhyView, string>>
  readonly form: {
    readonly why: string
    readonly note: string
    readonly noteHint: string
  }
  readonly record: {
    readonly open: string
    readonly title: string
    readonly lead: string
    readonly none: string
    readonly undo: string
    readonly reason: (why: string) => string
    /** Somebody fell silent on the stage, and was taken off it. */
    readonly away: (name: string) => string
  }
  /** `to` is empty where it is about the room. */
  readonly recorded: Readonly<Record<Recorded, (by: string, to: string) => string>>
  readonly settings: {
    readonly open: string
    readonly title: string
    readonly name: string
    readonly nameHint: string
    readonly link: string
    readonly linkHint: string
    readonly hands: string
    readonly lock: string
    readonly lockHint: string
    readonly save: string
  }
  /** Everybody on the stage whom this person may mute. */
  readonly all: {
    readonly mute: string
    readonly muteMore: (count: number) => string
    readonly unmute: string
    readonly unmuteMore: (count: number) => string
  }
  readonly hands: Readonly<Record<'everybody' | 'members' | 'nobody', string>>
  readonly out: Readonly<Record<OutView['by'], string>>
  readonly outMore: {
    readonly until: (moment: string) => string
    readonly reason: (why: string) => string
    /** Under a locked door: it lets in by itself. */
    readonly waits: string
    readonly back: string
  }
  /** The offer of the stage. */
  readonly stage: {
    readonly title: string
    readonly lead: (room: string) => string
    readonly microphone: string
    readonly muted: string
    readonly try: string
    readonly accept: string
    readonly accepting: string
    readonly decline: string
  }
  readonly microphone: {
    readonly open: string
    readonly title: string
    readonly lead: string
    readonly which: string
    /** Where the browser tells no name: number so many. */
    readonly unnamed: (number: number) => string
    readonly speak: string
    readonly heard: string
    readonly take: string
    readonly talkKey: string
    readonly talkKeyMore: string
  }
  readonly react: { readonly title: string }
  readonly reactions: Readonly<Record<ReactionKind, string>>
  readonly block: {
    readonly do: string
    readonly undo: string
    readonly more: (name: string) => string
    readonly done: (name: string) => string
    readonly here: (count: number) => string
    readonly title: string
    readonly lead: string
  }
  readonly offer: {
    readonly title: string
    readonly accept: string
    readonly decline: string
  }
  readonly offered: Readonly<Record<60 | 80 | 90, (name: string, room: string) => string>>
  readonly counts: {
    readonly choice: string
    readonly hint: string
    readonly room: string
  }
  /** Private rooms: those whom somebody lets in. */
  readonly guests: {
    readonly choice: string
    readonly hint: string
    readonly room: string
    readonly open: string
    readonly title: string
    readonly lead: string
    readonly list: string
    readonly none: string
    readonly search: string
    readonly nobody: string
    readonly in: (name: string) => string
    readonly out: string
    readonly outOf: (name: string) => string
  }
  readonly person: {
    readonly page: string
  }
  /** Where an address is hidden, mine or that of somebody here. */
  readonly addressMine: ApartWords
  readonly addressTheirs: ApartWords
  readonly address: {
    readonly change: string
    /** Of one person. */
    readonly person: string
  }
  readonly room: {
    readonly locked: string
    readonly pinned: string
    readonly carried: (relay: string, listeners: number) => string
    /** The relay carries only voices between some. */
    readonly carriedPairs: (relay: string) => string
    /** My microphone is open, and there is somebody whom it does not reach. */
    readonly heardBySome: string
    readonly leads: (name: string) => string
    readonly iLead: string
    readonly leadsMeanwhile: (name: string) => string
    readonly iLeadMeanwhile: string
    /** On the stage, and silent: their place is kept. */
    readonly away: string
    readonly differs: (name: string) => string
    readonly offline: string
    readonly waiting: (time: string) => string
    readonly chime: string
  }
  /** Between whom and me no voice passes, and why. `private`: they are not reached, and no relay carries a private room. */
  readonly unheard: Readonly<Record<LinkFailure | 'private', (names: string) => string>>
  /** What is known of a voice that comes from somebody, in two words and in full. */
  /** What happened to me while I was not there. */
  readonly missed: Readonly<Record<NonNullable<RoomView['missed']>, string>>
  readonly voice: Readonly<Record<VoiceCheck, string>>
  readonly voiceMeaning: Readonly<Record<VoiceCheck, string>>
  /** How good a connection is, in a word. */
  readonly grade: Readonly<Record<Grade, string>>
  readonly quality: {
    readonly person: (grade: string, figures: string) => string
    readonly relay: (grade: string, figures: string) => string
    /** @param milliseconds there and back */
    readonly roundTrip: (milliseconds: string) => string
    /** @param milliseconds by which packets come unevenly */
    readonly jitter: (milliseconds: string) => string
    /** @param share as a percentage */
    readonly lost: (share: string) => string
  }
}

/** How the voices stand that go over a relay because an address is hidden. */
interface ApartWords {
  readonly connecting: string
  readonly carried: string
  readonly unheard: string
  /** Unheard, in a private room. */
  readonly private: string
}
