import type { CommunityId, MemberId, RoomId, StatementId } from '../protocol/ids.ts'
import type { PeerErrorCode } from './errors.ts'
import type { NoticedAlarm } from './ledger/alarm.ts'
import type { LogStanding } from './ledger/standing.ts'
import type { Observable } from './observed.ts'
import type {
  AuditView,
  DecisionView,
  InvitationsView,
  NoticeView,
  PersonPage,
  PersonView,
  SlotView,
  WhyView,
} from './people/view.ts'

/**
 * What a running peer shows to whoever draws it: immutable values, replaced whole at every change.
 * The web app and the command line read these and nothing else of a peer.
 */

/** Reachability of the community's relay: `connected` means that others can find this peer. */
export type RelayState = 'connecting' | 'connected' | 'reconnecting'

export interface MemberView {
  readonly id: MemberId
  /** From the member's profile; undefined while the profile has not arrived or was erased. */
  readonly name: string | undefined
  readonly founder: boolean
  /** Who invited them; undefined for a founder. */
  readonly sponsor: MemberId | undefined
  /** Milliseconds since the Unix epoch, rounded down to the minute. */
  readonly since: number
}

export interface CommunityView {
  readonly id: CommunityId
  readonly name: string
  /** Milliseconds since the Unix epoch, rounded down to the minute. */
  readonly founded: number
  /** Those in good standing. */
  readonly members: number
}

export interface RoomListing {
  readonly id: RoomId
  readonly title: string
  readonly topics: readonly string[]
  /** BCP 47 language of the conversation. */
  readonly language: string
  readonly host: MemberId
  readonly hostName: string | undefined
  /** Milliseconds since the Unix epoch, rounded down to the minute. */
  readonly opened: number
  readonly people: number
  /** Some of those present, speakers first; at most 12. */
  readonly here: readonly {
    readonly member: MemberId
    readonly name: string | undefined
    readonly speaker: boolean
  }[]
}

/** creator 100 > moderator 80 > co-moderator 60 > speaker 20 > listener 0 */
export type Level = 100 | 80 | 60 | 20 | 0

export interface ParticipantView {
  readonly member: MemberId
  readonly name: string | undefined
  readonly me: boolean
  readonly level: Level
  /** Granted and accepting: others play this voice. */
  readonly onStage: boolean
  /** Was offered the stage and has not answered yet. */
  readonly offered: boolean
  /** Position in the queue of hands, from 1; undefined when the hand is down. */
  readonly hand: number | undefined
  /** The microphone is closed, by the person or by a moderator. */
  readonly muted: boolean
  readonly mutedByModerator: boolean
  /** Speech is heard right now. */
  readonly speaking: boolean
  /** State of the voice link to this person; `none` where none is needed. */
  readonly link: 'none' | 'connecting' | 'connected' | 'failed'
}

export interface RoomView {
  readonly id: RoomId
  readonly title: string
  readonly topics: readonly string[]
  readonly language: string
  readonly host: MemberId
  readonly status: 'joining' | 'open' | 'ended' | 'left'
  readonly me: ParticipantView
  /** Everybody present, me included: stage first by level, then the audience. */
  readonly people: readonly ParticipantView[]
  readonly relay: RelayState
}

/** A remote voice that may be played: the person holds the stage in this peer's own resolved state. */
export interface RemoteVoice {
  readonly member: MemberId
  readonly stream: MediaStream
}

/** One joined room. Every action resolves when this peer has done its part; others learn by gossip. Failing actions throw `PeerError`. */
export interface RoomSession {
  readonly view: Observable<RoomView>
  readonly voices: Observable<readonly RemoteVoice[]>
  raiseHand(up: boolean): Promise<void>
  /** For moderators: offers the stage to somebody in the audience. */
  offerStage(member: MemberId): Promise<void>
  /** Accepts the offer; the microphone enters muted. The caller asks the person for the microphone, never before. */
  acceptStage(microphone: MediaStream): Promise<void>
  declineStage(): Promise<void>
  /** The creator and moderators stand on the stage without asking: they give their microphone with this. */
  setMicrophone(microphone: MediaStream | undefined): Promise<void>
  setMuted(muted: boolean): Promise<void>
  /** Whoever owns the microphone says whether speech goes into it right now: for one's own ring, and for those without a link. */
  setSpeaking(speaking: boolean): void
  muteMember(member: MemberId): Promise<void>
  /** Lifts a moderator's mute; the person then opens their microphone themselves. */
  unmuteMember(member: MemberId): Promise<void>
  /** For moderators: takes somebody off the stage, or withdraws an offer. */
  removeFromStage(member: MemberId): Promise<void>
  stepDown(): Promise<void>
  leave(): Promise<void>
  /** For the host: ends the room for everybody. */
  end(): Promise<void>
}

export interface NewRoom {
  readonly title: string
  readonly topics: readonly string[]
  readonly language: string
}

/**
 * The people of the community as the ledger has them, and what a member may do about them. Every act resolves when the ledger has taken it
 * and our copy has it; it throws `PeerError` otherwise. `phrase` is what the person typed: their recovery phrase, which is read here and never kept.
 */
export interface People {
  /** Everybody who ever came in, in that order. */
  readonly all: Observable<readonly PersonView[]>
  readonly invitations: Observable<InvitationsView>
  /** Newest first; undefined while the ledger is being read through for them. */
  readonly decisions: Observable<readonly DecisionView[] | undefined>
  readonly notices: Observable<readonly NoticeView[]>
  /** What the ledger says about one member now; news of it come with `all`. */
  page(member: MemberId): PersonPage | undefined
  /** Withdraws an invitation that nobody used; its slot is free again. */
  withdraw(invitation: StatementId): Promise<void>
  /** Undoes the coming in of whoever used this invitation of mine, while that is possible. */
  undo(invitation: StatementId): Promise<void>
  /** Turns what others attested of me into further slots. */
  claim(): Promise<void>
  vouch(member: MemberId): Promise<void>
  certify(member: MemberId, on: boolean): Promise<void>
  notice(member: MemberId, why: WhyView, phrase: string): Promise<void>
  /** @param cut the branch below goes too, as far as it has no sponsor elsewhere */
  ban(member: MemberId, why: WhyView, cut: boolean, phrase: string): Promise<void>
  /** Lifts the ban of this member. */
  unban(member: MemberId, phrase: string): Promise<void>
  /** Leaves the community, for good. */
  leave(phrase: string): Promise<void>
  /** Asks everybody to delete my profile. */
  erase(): Promise<void>
  /** Verifies the whole ledger from the files that the relay serves, believing nobody. @throws PeerError, and the signal's reason */
  verify(progress: (done: number, of: number) => void, signal: AbortSignal): Promise<AuditView>
  /** Everything that this device holds about me, as JSON text. */
  exportOwn(): Promise<string>
}

/** A member's running peer. */
export interface Peer {
  readonly me: MemberView
  readonly community: Observable<CommunityView>
  /** Everybody who ever came in, in that order. */
  readonly members: Observable<readonly MemberView[]>
  readonly slots: Observable<readonly SlotView[]>
  readonly rooms: Observable<readonly RoomListing[]>
  readonly relay: Observable<RelayState>
  /** Why the relay does not let this device in, where it answers and refuses: a wrong clock, a ban. */
  readonly refused: Observable<PeerErrorCode | undefined>
  /** What the log of the community was seen to do wrong, with the evidence; nothing takes it back. */
  readonly alarms: Observable<readonly NoticedAlarm[]>
  readonly logStanding: Observable<LogStanding>
  /** So many entries of the ledger are final (SPEC COSIG-4); what came later is provisional. */
  readonly finalSize: Observable<number>
  /** Spends the next usable slot; resolves when the ledger has taken it. `link` is a URL on this site with the secret in its fragment. */
  invite(): Promise<{ readonly link: string; readonly slot: number; readonly expires: number | undefined }>
  /** Loaded when it is first asked for, and then the same. */
  people(): Promise<People>
  openRoom(room: NewRoom): Promise<RoomSession>
  joinRoom(room: RoomId): Promise<RoomSession>
  stop(): Promise<void>
}

/** What an invitation link says, checked against the community's ledger before anything is asked of the person. */
export interface InvitationView {
  readonly community: CommunityView
  readonly sponsor: MemberView
  readonly expires: number | undefined
}

/** A fresh identity, not yet sent anywhere. */
export interface NewIdentity {
  /** 24 words of BIP-39 English; shown once, to be saved by the person. */
  readonly phrase: readonly string[]
}

/**
 * The door of the app: what this browser already is here, and the ways in. All failures throw `PeerError` with a stable code
 * (a closed union, `PeerErrorCode`), for which every language has a sentence.
 */
export interface Door {
  /** What stands on this site: nothing founded yet, or a community. */
  site(): Promise<{ readonly founded: boolean }>
  /** The member that this browser already holds a device of, if any. Opens its peer. */
  resume(): Promise<Peer | undefined>
  newIdentity(): Promise<NewIdentity>
  /** Founds the community on the relay that serves this site. `token` is the one-time token of the founding link. */
  found(founding: { token: string; community: string; name: string; identity: NewIdentity }): Promise<Peer>
  readInvitation(code: string): Promise<InvitationView>
  join(joining: { code: string; name: string; identity: NewIdentity }): Promise<Peer>
}
