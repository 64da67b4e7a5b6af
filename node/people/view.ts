import type { MemberId, StatementId } from '../../protocol/ids.ts'
import type { FindingCode } from '../audit/finding.ts'

/**
 * What a member sees of the ledger: who is here and by whom, what everybody answers for, and what was decided. Plain values, computed
 * from the ledger alone (and the names beside it), so that everybody who has the same ledger sees the same.
 * Times are milliseconds since the Unix epoch; those of the ledger are whole minutes.
 */

/** Whether somebody is here, or why not any more (SPEC §6.7). */
export type StandingView = 'active' | 'banned' | 'cut' | 'left' | 'repudiated'

/** Why the council acted. */
export type WhyView = 'spam' | 'abuse' | 'fake' | 'illegal' | 'other'

/** Somebody whom the ledger let in: one row of the table, one place in the tree. */
export interface PersonView {
  readonly id: MemberId
  /** From their profile; undefined while it has not arrived, or was erased. */
  readonly name: string | undefined
  readonly me: boolean
  readonly founder: boolean
  /** Who invited them; undefined for a founder. */
  readonly sponsor: MemberId | undefined
  readonly since: number
  readonly standing: StandingView
  /** Has the badge of a certified room creator. */
  readonly certified: boolean
  /** The founder, or the guest of a founder, below whom they stand: themselves, if they are one. */
  readonly branch: MemberId
  /** How many they sponsored, and how many are below them in all. */
  readonly guests: number
  readonly below: number
}

/**
 * When slots become usable. `ready` says why they are: a founder, a founder's early guest, an open community, heard on a stage, or long enough here.
 * `waiting`: with `either`, the time or an attestation by somebody outside one's branch suffices; with `both`, each is needed.
 */
export type MaturityView =
  | { readonly state: 'ready'; readonly because: 'founder' | 'opening' | 'open' | 'heard' | 'waited' }
  | {
      readonly state: 'waiting'
      readonly joined: number
      readonly from: number
      readonly needs: 'either' | 'both'
      /** Somebody outside the branch has attested them already. */
      readonly heard: boolean
    }

/** One numbered invitation of a member (SPEC §6.3). */
export type SlotView =
  | { readonly slot: number; readonly state: 'free' }
  /** Not yet: see the maturity. `from`: when it will be, where time alone brings that. */
  | { readonly slot: number; readonly state: 'immature'; readonly from: number | undefined }
  /** Kept back because of points (SLOT-6), or the member may not invite at all for now (SLOT-7): until then. */
  | { readonly slot: number; readonly state: 'withheld' | 'paused'; readonly from: number }
  | {
      readonly slot: number
      readonly state: 'pending'
      readonly invitation: StatementId
      /** Only on the device that made it. */
      readonly link: string | undefined
      readonly expires: number | undefined
    }
  | {
      readonly slot: number
      readonly state: 'used'
      readonly invitation: StatementId
      readonly guest: MemberId
      /** Until when the sponsor may undo the guest's coming in; undefined once that is over. */
      readonly undo: number | undefined
      /** Somebody else tried to come in with the same link. */
      readonly leaked: boolean
    }

/** What a ban of a guest costs whoever brought them (BAN-2, BAN-3). */
export interface ChargeView {
  readonly guest: MemberId
  readonly at: number
  /** What is left of it today. */
  readonly points: number
}

/** Further slots for those who were heard (CLAIM-1). Counts are of what no claim has used. */
export interface ClaimCounts {
  readonly attesters: number
  readonly rooms: number
  readonly minutes: number
  readonly outside: number
}

export interface ClaimView {
  /** How many slots it gives. */
  readonly more: number
  /** Not before, if the last one was too recently. */
  readonly from: number | undefined
  readonly have: ClaimCounts
  readonly need: ClaimCounts
  /** It can be made now. */
  readonly ready: boolean
}

/** My own invitations, and what decides about them. */
export interface InvitationsView {
  readonly slots: readonly SlotView[]
  readonly maturity: MaturityView
  readonly points: number
  readonly charges: readonly ChargeView[]
  /** When the next withheld slot comes back, or inviting is no longer paused. */
  readonly relief: number | undefined
  readonly claim: ClaimView
}

/** A ban, or what it did to those below. */
export interface BanView {
  readonly id: StatementId
  readonly member: MemberId
  readonly why: WhyView
  readonly at: number
  readonly lifted: boolean
  /** The branch below was cut off with it. */
  readonly cuts: boolean
}

/** What I may do about somebody, in the order in which it is offered. */
export type Right = 'vouch' | 'certify' | 'uncertify' | 'notice' | 'ban' | 'unban'

/** Everything that the ledger says about one member. */
export interface PersonPage {
  readonly person: PersonView
  /** Who brought them: the sponsor first, a founder last. */
  readonly line: readonly MemberId[]
  /** Further sponsors. */
  readonly vouches: readonly { readonly member: MemberId; readonly at: number }[]
  readonly guests: readonly MemberId[]
  /** For whom they vouched. */
  readonly vouched: readonly MemberId[]
  readonly points: number
  readonly charges: readonly ChargeView[]
  /** Devices that may sign in their name. */
  readonly devices: number
  readonly steward: boolean
  readonly council: boolean
  readonly erased: boolean
  /** Somebody outside their branch heard them on a stage for the first time. */
  readonly heard: number | undefined
  /** The ban that they, or the branch they stand in, fell under. */
  readonly ban: BanView | undefined
  /** The council said that it is about to act; until when that stands. */
  readonly notice: { readonly at: number; readonly until: number } | undefined
  /** A ban now would be charged to their sponsors: they were told in time, and the member is new enough (BAN-2). */
  readonly charging: boolean
  readonly decisions: readonly DecisionView[]
  readonly rights: readonly Right[]
  /** One key of the council is enough, so that its acts can be done here. */
  readonly alone: boolean
}

/** Something that was decided about people, as it stands in the ledger. */
export type DecisionView = {
  /** Of its entry. */
  readonly index: number
  readonly at: number
} & (
  | { readonly what: 'notice'; readonly member: MemberId; readonly why: WhyView }
  | {
      readonly what: 'ban'
      readonly member: MemberId
      readonly why: WhyView
      /** The branch was cut. */
      readonly cuts: boolean
    }
  | { readonly what: 'unban'; readonly member: MemberId }
  | {
      readonly what: 'certified' | 'uncertified'
      readonly member: MemberId
      readonly by: MemberId
    }
  | { readonly what: 'vouched' | 'undone'; readonly member: MemberId; readonly by: MemberId }
  | { readonly what: 'withdrawn'; readonly sponsor: MemberId }
  | { readonly what: 'left' | 'erased' | 'frozen'; readonly member: MemberId }
  | { readonly what: 'leaked'; readonly sponsor: MemberId }
  | { readonly what: 'council'; readonly keys: number; readonly needed: number }
  | { readonly what: 'stewards'; readonly members: readonly MemberId[] }
  | { readonly what: 'log' | 'fork' }
)

/** What concerns me and does not wait for me to look for it. */
export type NoticeView =
  /** The council is about to act against me, or a guest of mine; a ban is charged to sponsors who were told `lead` before. */
  | {
      readonly what: 'notice'
      readonly member: MemberId
      readonly me: boolean
      readonly at: number
      readonly charged: number
    }
  /** I, or somebody whom I sponsor or vouched for, was banned. */
  | { readonly what: 'banned'; readonly member: MemberId; readonly me: boolean; readonly ban: BanView }
  /** I, or somebody whom I sponsor, was cut off with a branch. */
  | { readonly what: 'cut'; readonly member: MemberId; readonly me: boolean; readonly ban: BanView }
  /** Two people had the link of this invitation of mine. */
  | { readonly what: 'leaked'; readonly guest: MemberId; readonly undo: number | undefined }

/** What an audit of the whole ledger found. Hashes in base64, as the command line and the log's checkpoint write them. */
export interface AuditView {
  readonly entries: number
  /** Whoever ever came in. */
  readonly members: number
  /** Of the last entry. */
  readonly until: number
  /** Milliseconds. */
  readonly took: number
  /** Of the entries' tree. */
  readonly root: string
  /** The state hash; undefined when not every entry could be believed. */
  readonly state: string | undefined
  /** The log signed this very tree, and this state. */
  readonly signed: boolean
  readonly cosigned: number
  readonly witnesses: { readonly k: number; readonly of: number }
  readonly findings: readonly { readonly code: FindingCode; readonly index: number | undefined }[]
}
