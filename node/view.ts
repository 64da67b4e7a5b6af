import type { CommunityId, MemberId, OperationId, RoomId, StatementId } from '../protocol/ids.ts'
import type { Operation } from '../protocol/room/operation.ts'
import type { ReactionKind } from '../protocol/room/reaction.ts'
import type { PeerErrorCode } from './errors.ts'
import type { NoticedAlarm } from './ledger/alarm.ts'
import type { Reading } from './ledger/ledger.ts'
import type { LogStanding } from './ledger/standing.ts'
import type { Observable } from './observed.ts'
import type { CouncilDesk } from './people/council-view.ts'
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
import type { Quality } from './room/quality.ts'
import type { VoiceCheck } from './voice/opener.ts'

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
  /** Those in good standing; undefined while the ledger has not been read. */
  readonly members: number | undefined
}

export interface RoomListing {
  readonly id: RoomId
  readonly title: string
  /** I was let in, and it is in nobody else's list. */
  readonly isPrivate: boolean
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

/** creator 100 > successor 90 > moderator 80 > co-moderator 60 > speaker 20 > listener 0 */
export type Level = 100 | 90 | 80 | 60 | 20 | 0

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
  /** Since when it is up, in milliseconds by the person's own clock. */
  readonly handSince: number | undefined
  /** The microphone is closed, by the person or by a moderator. */
  readonly muted: boolean
  readonly mutedByModerator: boolean
  /** Speech is heard right now. */
  readonly speaking: boolean
  /** What they say without a voice, until it fades. */
  readonly reaction: ReactionKind | undefined
  /** What I may do about them right now. */
  readonly deeds: readonly RoomDeed[]
  /** They hide their address, so that nobody but a relay connects to them. */
  readonly hides: boolean
  /** State of the voice link to this person; `none` where none is needed, and while neither has given a microphone. */
  readonly link: 'none' | 'connecting' | 'connected' | 'failed'
  /** Why no voice passes between us; undefined while one does, or may in a moment over a relay. */
  readonly failure: LinkFailure | undefined
  /** Whether what comes of this person's voice is their own; undefined before anything came. */
  readonly check: VoiceCheck | undefined
  /** How good the direct link with this person is; undefined where there is none, and before that was looked at. */
  readonly quality: Quality | undefined
}

/**
 * - `unreached`: no way leads from one of the two to the other
 * - `forged`: what came in their name to set up the link, or the certificate at its other end, is not what they signed
 * - `refused`: what came of them to set it up does not hold for another reason
 */
export type LinkFailure = 'unreached' | 'forged' | 'refused'

/** What a moderator does about one person. `comoderator`, `moderator`: offers that level; `hand`: offers the room itself. */
export type RoomDeed =
  | 'offer'
  | 'comoderator'
  | 'moderator'
  | 'mute'
  | 'unmute'
  | 'lower'
  | 'remove'
  | 'ban'
  | 'hand'

/** What a moderator does about the room itself. `admit`: lets people into a private one. */
export type RoomPower = 'lock' | 'set' | 'end' | 'admit'

/** One act of moderation, for everybody in the room to see. */
export interface RoomDecisionView {
  readonly id: OperationId
  readonly what: Operation['k']
  readonly by: MemberId
  readonly byName: string | undefined
  readonly to: MemberId | undefined
  readonly toName: string | undefined
  /** Milliseconds, by the clock of who did it. */
  readonly at: number
  readonly why: RoomWhyView | undefined
  readonly note: string | undefined
  /** It is a ban that binds, and I may lift it. */
  readonly mayUndo: boolean
}

/** Why somebody was acted on in a room. `away`: they fell silent on the stage. */
export type RoomWhyView = WhyView | 'away'

/** Why I have no business in a room. `until`, in milliseconds, for who was removed. */
export interface OutView {
  readonly by: 'ban' | 'remove' | 'lock' | 'private'
  readonly why: RoomWhyView | undefined
  readonly note: string | undefined
  readonly until: number | undefined
}

/** What a person may change about a room. */
export interface RoomChange {
  readonly title?: string
  /** Starts with `https://`, or is empty: none. */
  readonly link?: string
  readonly hands?: 'everybody' | 'members' | 'nobody'
}

export interface RoomView {
  readonly id: RoomId
  readonly title: string
  readonly topics: readonly string[]
  readonly language: string
  readonly host: MemberId
  readonly status: 'joining' | 'open' | 'out' | 'ended' | 'left'
  /** With `out`: why. */
  readonly out: OutView | undefined
  /** Who leads it now: the most senior of those present; undefined when nobody here has authority. */
  readonly leader: MemberId | undefined
  readonly locked: boolean
  /** For those alone who were let in. */
  readonly isPrivate: boolean
  /** Those whom somebody let into the private room and who are not on its stage, here or not. */
  readonly letIn: readonly { readonly member: MemberId; readonly name: string | undefined }[]
  /** Pinned, `https:`; empty: none. */
  readonly link: string
  readonly hands: 'everybody' | 'members' | 'nobody'
  /** What I was offered and have not answered: the stage, a level, or the room itself. */
  readonly offer: { readonly level: Level; readonly by: MemberId } | undefined
  readonly powers: readonly RoomPower[]
  /** What happened to me while I was not there: I was taken off the stage, or my microphone was closed. */
  readonly missed: 'stage' | 'microphone' | undefined
  /** What was decided about people, newest first. */
  readonly record: readonly RoomDecisionView[]
  /** Who has the same operations as this peer and says that they come to something else: one of the two is wrong, or lies. */
  readonly differing: readonly { readonly member: MemberId; readonly name: string | undefined }[]
  readonly me: ParticipantView
  /** Everybody present but those whom I blocked, me included: stage first by level, then the audience. */
  readonly people: readonly ParticipantView[]
  /** Those on the stage who fell silent a moment ago without leaving: their place is kept for them. None whom I blocked. */
  readonly away: readonly { readonly member: MemberId; readonly name: string | undefined }[]
  /** Those present whom I blocked: I neither hear nor see them. */
  readonly hidden: readonly { readonly member: MemberId; readonly name: string | undefined }[]
  /** Who is heard on its stage comes into the ledger: its host entered it there, and has not ended it there. */
  readonly counts: boolean
  readonly relay: RelayState
  /** The relay over which this peer hears a large room, by its host, and how many hear it over relays; undefined where voices come directly. */
  readonly carrier:
    | {
        readonly relay: string
        readonly listeners: number
        /** It carries all voices of the room that it can, and not only those between some who do not reach each other directly. */
        readonly whole: boolean
        /** How good the link with it is; undefined before that was looked at. */
        readonly quality: Quality | undefined
      }
    | undefined
  /**
   * How the voices stand that go over a relay because I hide my address, or somebody does whom I hear or who hears me: `unheard` when there is no relay
   * that carries them, as always in a private room. Undefined where nobody does.
   */
  readonly apart: 'connecting' | 'carried' | 'unheard' | undefined
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
  /** Shows a reaction to everybody for some seconds; one that comes too soon after another is left out. */
  react(kind: ReactionKind): Promise<void>
  /** For moderators: offers the stage to somebody in the audience. */
  offerStage(member: MemberId): Promise<void>
  /** Accepts the offer; the microphone enters muted. The caller asks the person for the microphone, never before. */
  acceptStage(microphone: MediaStream): Promise<void>
  declineStage(): Promise<void>
  /** Takes an offer when already on the stage, or without giving a microphone. */
  acceptOffer(): Promise<void>
  /** Offers a level, or the room itself with 90. */
  offerLevel(member: MemberId, level: 60 | 80 | 90): Promise<void>
  /** Puts somebody out for ten minutes. @param note at most 200 characters */
  removeMember(member: MemberId, why: WhyView, note?: string): Promise<void>
  /** Puts somebody out until that is lifted. */
  banMember(member: MemberId, why: WhyView, note?: string): Promise<void>
  unbanMember(member: MemberId): Promise<void>
  /** Lets people into a private room, and calls those who are not here. */
  letIn(members: readonly MemberId[]): Promise<void>
  /** Takes that back: who is here is out. */
  shutOut(member: MemberId): Promise<void>
  /** Nobody new comes in, or they do again. */
  setLocked(locked: boolean): Promise<void>
  changeRoom(change: RoomChange): Promise<void>
  /** The creator and moderators stand on the stage without asking: they give their microphone with this. */
  setMicrophone(microphone: MediaStream | undefined): Promise<void>
  setMuted(muted: boolean): Promise<void>
  /** Whoever owns the microphone says whether speech goes into it right now: for one's own ring, and for those without a link. */
  setSpeaking(speaking: boolean): void
  muteMember(member: MemberId): Promise<void>
  /** Lifts a moderator's mute; the person then opens their microphone themselves. */
  unmuteMember(member: MemberId): Promise<void>
  /** The same for several at once: of up to 32 of them everybody learns together, or of none. */
  muteMembers(members: readonly MemberId[]): Promise<void>
  unmuteMembers(members: readonly MemberId[]): Promise<void>
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
  /** For those alone whom somebody in it lets in: in no list, on no topic, and never in the ledger. */
  readonly isPrivate?: boolean
  /** The ledger shall say who was heard on its stage, for how long and by whom. Otherwise it says nothing of the room, as of a private one. */
  readonly counts?: boolean
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
  /**
   * Whether what a statement (or a member, or the entry with an index) says is provisional yet: it is in no tree that the log signed and enough
   * witnesses cosigned (SPEC COSIG-4). A new function whenever that changes.
   */
  readonly provisional: Observable<(what: StatementId | MemberId | number) => boolean>
  /** The council, and what it is told. */
  readonly desk: CouncilDesk
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
  /** How far the ledger has been read, in entries, while it is not here whole; `members` are those who were met, and people and invitations wait. */
  readonly reading: Observable<Reading | undefined>
  /** Spends the next usable slot; resolves when the ledger has taken it. `link` is a URL on this site with the secret in its fragment. */
  invite(): Promise<{ readonly link: string; readonly slot: number; readonly expires: number | undefined }>
  /** Loaded when it is first asked for, and then the same. */
  people(): Promise<People>
  /** Whom I neither hear nor see, in any room and in the list of rooms. It stays on this device, and nobody is told. */
  readonly blocked: Observable<ReadonlySet<MemberId>>
  setBlocked(member: MemberId, on: boolean): Promise<void>
  /** No other person learns the address of this device from this session: it connects to relays alone. */
  readonly hidesAddress: boolean
  /** Whether this device hides its address, from the next start on: a session goes on as it began. */
  hideAddress(hides: boolean): Promise<void>
  openRoom(room: NewRoom): Promise<RoomSession>
  joinRoom(room: RoomId): Promise<RoomSession>
  /**
   * Whether somebody looks at the list of rooms, and may enter one in a moment: what that needs of the network is made ready then, as far as it can be
   * (SPEC FANOUT-6). To be said again while they do.
   */
  expectEntry(isExpected: boolean): void
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
  /** Has the ledger say that the link of the invitation that was just found to be used was in two hands. Nobody comes in by that. */
  reportLeak(): Promise<void>
}
