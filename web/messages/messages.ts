import type { PeerErrorCode } from '../../node/errors.ts'

/** The languages of the app, each one file beside this one. The first is the fallback. */
export const LOCALES = ['en', 'fr'] as const
export type Locale = (typeof LOCALES)[number]

/**
 * Everything the app says, in one language. A language file ends in `satisfies Messages`, so a sentence that is missing, or an
 * error code without a sentence, does not compile. Text from people only ever enters through arguments, and is shown as text.
 */
export interface Messages {
  readonly app: {
    readonly name: string
    readonly tagline: string
    readonly opening: string
    readonly language: string
    readonly home: string
    readonly close: string
    readonly back: string
    readonly cancel: string
    readonly retry: string
    readonly copy: string
    readonly copied: string
    readonly failedTitle: string
  }
  readonly welcome: {
    readonly lead: string
    readonly talk: string
    readonly talkMore: string
    readonly sealed: string
    readonly sealedMore: string
    readonly invited: string
    readonly invitedMore: string
    readonly needInvitation: string
    readonly needInvitationMore: string
    readonly unfounded: string
    readonly unfoundedMore: string
  }
  readonly found: {
    readonly title: string
    readonly lead: string
    readonly community: string
    readonly communityHint: string
    readonly communityMissing: string
    readonly submit: string
    readonly enter: string
    readonly entering: string
  }
  readonly join: {
    readonly reading: string
    readonly title: (community: string) => string
    readonly from: (sponsor: string) => string
    readonly members: (count: number) => string
    readonly founded: (day: string) => string
    readonly expires: (moment: string) => string
    readonly publicTitle: string
    readonly publicJoined: string
    readonly publicSponsor: (sponsor: string) => string
    readonly publicTime: string
    readonly privateTitle: string
    readonly privateName: string
    readonly privateVoice: string
    readonly submit: string
    readonly enter: string
    readonly entering: string
    readonly failedTitle: string
    readonly notMe: string
    readonly notMeSay: string
    readonly leakReported: string
    readonly already: string
    readonly alreadyMore: (community: string) => string
    readonly toRooms: string
  }
  readonly reading: {
    readonly title: string
    readonly more: string
    readonly done: (done: string, of: string) => string
  }
  readonly name: {
    readonly label: string
    readonly hint: string
    readonly missing: string
  }
  readonly phrase: {
    readonly title: string
    readonly lead: string
    readonly warning: string
    readonly making: string
    readonly list: string
    readonly copy: string
    readonly download: string
    readonly print: string
    readonly confirm: string
    readonly unconfirmed: string
    readonly file: string
  }
  readonly rooms: {
    readonly title: string
    readonly none: string
    readonly noneMore: string
    readonly open: string
    readonly private: string
    readonly host: (name: string) => string
    readonly people: (count: number) => string
    readonly opened: (ago: string) => string
    readonly invite: string
    readonly invitations: string
    readonly invitationsLeft: (count: number) => string
    readonly invitationsMore: string
    readonly seePeople: (count: number) => string
    readonly here: (title: string) => string
    readonly leave: string
    readonly return: string
    readonly searching: string
    readonly relayAway: string
  }
  readonly people: {
    readonly title: string
    readonly count: (count: number) => string
    readonly founder: string
    readonly sponsor: (name: string) => string
    readonly since: (day: string) => string
    readonly me: string
    readonly unnamed: string
    readonly alone: string
  }
  readonly newRoom: {
    readonly title: string
    readonly name: string
    readonly nameHint: string
    readonly nameMissing: string
    readonly topics: string
    readonly topicsHint: string
    readonly language: string
    readonly create: string
    readonly creating: string
    readonly note: string
  }
  readonly room: {
    readonly joining: string
    readonly failedTitle: string
    readonly stage: string
    readonly stageEmpty: string
    readonly audience: string
    readonly audienceEmpty: string
    readonly audienceEmptyPrivate: string
    readonly hands: string
    readonly handsEmpty: string
    readonly handsMore: (count: number) => string
    readonly raiseHand: string
    readonly lowerHand: string
    readonly waiting: (position: number) => string
    readonly openMicrophone: string
    readonly mute: string
    readonly unmute: string
    readonly heard: string
    readonly unheard: string
    readonly hostUnheard: string
    readonly mutedForMe: string
    readonly stepDown: string
    readonly leave: string
    readonly leaveHost: string
    readonly end: string
    readonly endConfirm: string
    readonly endTitle: string
    readonly endMore: (count: number) => string
    readonly bringOnStage: string
    readonly offered: string
    readonly removeFromStage: string
    readonly withdrawOffer: string
    readonly muteMember: string
    readonly unmuteMember: string
    readonly relayAway: string
    readonly listen: string
    readonly listenMore: string
    readonly sealed: string
    readonly ended: string
    readonly endedMore: (title: string) => string
    readonly toRooms: string
    readonly linkConnecting: string
    readonly linkFailed: string
  }
  readonly person: {
    readonly me: string
    readonly host: string
    readonly moderator: string
    readonly speaking: string
    readonly muted: string
    readonly mutedByModerator: string
    readonly onStage: string
    readonly listening: string
    readonly hand: (position: number) => string
    readonly offered: string
  }
  readonly said: {
    readonly handRaised: (name: string) => string
    readonly offered: string
    readonly cameOnStage: (name: string) => string
    readonly leftStage: (name: string) => string
    readonly iAmOnStage: string
    readonly iLeftStage: string
    readonly iWasMuted: string
    readonly muteLifted: string
    readonly relayAway: string
    readonly relayBack: string
    readonly ended: string
  }
  /** What went wrong and what to do about it, one sentence or two, no jargon. */
  readonly errors: Readonly<Record<PeerErrorCode, string>>
}
