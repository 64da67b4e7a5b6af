import type { KeyText, MemberId, RoomId, StatementId } from '../../protocol/ids.ts'
import type { AppealedDecision } from '../council/decision.ts'
import type { Observable } from '../observed.ts'
import type { WhyView } from './view.ts'

/** A key of the council, and the member whose root it is; undefined where it is that of nobody here. */
export interface CouncilSeat {
  readonly key: KeyText
  readonly member: MemberId | undefined
}

/** Who decides here. */
export interface CouncilView {
  readonly seats: readonly CouncilSeat[]
  /** So many of them have to sign. */
  readonly needed: number
  readonly stewards: readonly MemberId[]
  /** I am one of them. */
  readonly mine: boolean
}

/** What a council does, as a person of it decides it. */
export type CouncilAct =
  | { readonly what: 'notice'; readonly member: MemberId; readonly why: WhyView }
  /** `cut`: the branch below goes too, as far as it has no sponsor elsewhere. */
  | { readonly what: 'ban'; readonly member: MemberId; readonly why: WhyView; readonly cut: boolean }
  | { readonly what: 'unban'; readonly member: MemberId }
  | { readonly what: 'council'; readonly needed: number; readonly keys: readonly KeyText[] }
  | { readonly what: 'stewards'; readonly members: readonly MemberId[] }

/** The same as somebody else proposed it, who may have done so elsewhere. */
export type ProposedAct =
  | Exclude<CouncilAct, { readonly what: 'council' }>
  | { readonly what: 'council'; readonly needed: number; readonly seats: readonly CouncilSeat[] }
  | { readonly what: 'withdraw'; readonly sponsor: MemberId | undefined }
  | { readonly what: 'log'; readonly key: KeyText; readonly witnesses: number | undefined }

/** An act of the council on its way from one to the other. */
export interface ProposalView {
  readonly statement: StatementId
  readonly act: ProposedAct
  /** Whose signatures are on it, and hold. */
  readonly signed: readonly CouncilSeat[]
  readonly needed: number
  /** I have signed. */
  readonly mine: boolean
  /** `open`: it takes more signatures; `ready`: it can be sent; `done`: the ledger has it; `refused`: the ledger would not take it, for it changed meanwhile. */
  readonly state: 'open' | 'ready' | 'done' | 'refused'
  /** For the next one: the same file as `palabre sign` takes, and a link to this site. */
  readonly file: string
  readonly link: string
}

/** Why something is no proposal for this council. */
export type ProposalProblem = 'damaged' | 'foreign' | 'not-council'

/** Something that the council is told. Times are milliseconds since the Unix epoch. */
export interface MessageView {
  readonly id: StatementId
  readonly type: 'report' | 'appeal'
  readonly from: MemberId
  readonly at: number
  /** Of an appeal: what it is about. */
  readonly decision: AppealedDecision | undefined
  /** Not read on this device yet. */
  readonly fresh: boolean
  /** `sealed` until my words were typed; `broken`: it does not open as it has to. */
  readonly content:
    | 'sealed'
    | 'broken'
    | {
        readonly of: MemberId | undefined
        readonly why: WhyView | undefined
        readonly words: string | undefined
        readonly room: RoomId | undefined
      }
}

/** What there is to appeal for me: `device` while this device is let in, `root` when only my recovery phrase is. */
export type AppealView =
  | { readonly state: 'nothing' }
  | { readonly state: 'possible'; readonly by: 'device' | 'root' }
  | { readonly state: 'sent'; readonly at: number }

/** The council, for whoever is in it, and for whoever has something to say to it. Acts fail like those of `People`. */
export interface CouncilDesk {
  readonly view: Observable<CouncilView>
  /** What my root can open, newest first; undefined while the ledger is being read through for it. */
  readonly messages: Observable<readonly MessageView[] | undefined>
  readonly appeal: Observable<AppealView>
  /** The root in force of a member, for naming a council. */
  rootOf(member: MemberId): KeyText | undefined
  /** Seals a report for the council in force. @param words as they were typed; see `wordsOf` */
  report(member: MemberId, why: WhyView, words: string, room?: RoomId): Promise<void>
  /** Seals an appeal for the council in force. @param phrase where my device is not let in any more */
  sendAppeal(words: string, phrase: string | undefined): Promise<void>
  /** Opens the messages with my phrase, and those that come, for as long as this page lives. */
  open(phrase: string): Promise<void>
  /** Remembers on this device that these were read. */
  markRead(ids: readonly StatementId[]): Promise<void>
  /** Decides, where one signature is enough; otherwise gives what others have to sign. */
  decide(act: CouncilAct, phrase: string): Promise<ProposalView | undefined>
  /** Reads what somebody else handed on: a file, a link, or what stands in it. */
  read(text: string): Promise<ProposalView | ProposalProblem>
  sign(proposal: ProposalView, phrase: string): Promise<ProposalView>
  /** Sends what enough have signed. */
  submit(proposal: ProposalView): Promise<void>
}
