import type { FindingCode } from '../../../node/audit/finding.ts'
import type { NoticedAlarm } from '../../../node/ledger/alarm.ts'
import type { ProposalProblem } from '../../../node/people/council-view.ts'
import type {
  ClaimCounts,
  MaturityView,
  Right,
  SlotView,
  StandingView,
  WhyView,
} from '../../../node/people/view.ts'
import type { Column } from '../../tree/sorting.ts'

/**
 * What the screens about people say, in one language. They are a part of the catalogue of their own, since nobody needs them at the first load.
 * As there: text from people only ever enters through arguments, and is shown as text.
 */
export interface Words {
  readonly people: {
    readonly more: string
    readonly view: string
    readonly asTree: string
    readonly asTable: string
    readonly tree: string
    readonly table: string
    readonly keys: string
    readonly zoomIn: string
    readonly zoomOut: string
    readonly findMe: string
    readonly guests: (count: number) => string
    readonly certified: string
    readonly founder: string
    readonly found: (count: number) => string
    readonly nobody: string
    readonly pages: string
    readonly page: (page: number, pages: number) => string
    readonly before: string
    readonly next: string
    readonly back: string
  }
  readonly standing: Readonly<Record<StandingView, string>>
  readonly why: Readonly<Record<WhyView, string>>
  readonly columns: Readonly<Record<Column, string>>
  readonly filter: {
    readonly name: string
    readonly standing: string
    readonly anyStanding: string
    readonly branch: string
    readonly anyBranch: string
    readonly branchOf: (name: string) => string
    readonly certified: string
  }
  readonly invite: {
    readonly title: string
    readonly lead: string
    readonly answer: string
    readonly create: string
    readonly creating: string
    readonly fresh: string
    readonly none: string
    readonly slots: string
    readonly slot: (slot: number) => string
    readonly pending: string
    readonly pendingUntil: (moment: string) => string
    readonly elsewhere: string
    readonly used: (name: string) => string
    readonly waitEither: (moment: string, joined: string) => string
    readonly waitBoth: (moment: string, joined: string) => string
    readonly waitHeard: (moment: string, joined: string) => string
    readonly waitToBeHeard: string
    readonly withdraw: string
    readonly withdrawTitle: string
    readonly withdrawMore: string
    readonly undo: string
    readonly undoUntil: (moment: string) => string
    readonly undoTitle: (name: string) => string
    readonly undoMore: string
    readonly leaked: (name: string) => string
    readonly leakedUndo: string
    readonly answering: string
    readonly charge: (name: string, day: string) => string
    readonly points: (count: number) => string
    readonly pointsMore: string
    readonly relief: (day: string) => string
    readonly claim: string
    readonly claimMore: (count: number) => string
    readonly claimFrom: (day: string) => string
    readonly claimNow: (count: number) => string
    readonly claiming: string
    readonly claimed: string
  }
  readonly slots: Readonly<Record<Exclude<SlotView['state'], 'pending' | 'used'>, string>>
  readonly ready: Readonly<Record<Extract<MaturityView, { readonly state: 'ready' }>['because'], string>>
  readonly wanted: Readonly<Record<keyof ClaimCounts, (have: number, need: number) => string>>
  readonly acts: Readonly<Record<Right, string>>
  readonly actsMore: Readonly<Record<Right, (name: string) => string>>
  readonly link: {
    readonly link: string
    readonly share: string
    readonly shareText: (community: string) => string
    readonly showQr: string
    readonly qr: string
  }
  readonly person: {
    readonly unknown: string
    readonly unknownMore: string
    readonly line: string
    readonly founder: string
    readonly vouchers: string
    readonly vouchedOn: (day: string) => string
    readonly answers: string
    readonly guests: string
    readonly noGuests: string
    readonly vouchedFor: string
    readonly below: (count: number) => string
    readonly points: (count: number) => string
    readonly noPoints: string
    readonly facts: string
    readonly joined: string
    readonly standing: string
    readonly devices: string
    readonly heard: string
    readonly heardOn: (day: string) => string
    readonly notHeard: string
    readonly steward: string
    readonly council: string
    readonly erased: string
    readonly bannedOn: (day: string, why: string) => string
    readonly cutOn: (name: string, day: string) => string
    readonly notice: (until: string) => string
    readonly decisions: string
    readonly sponsorAnew: string
    readonly acts: string
    readonly together: string
    readonly own: string
  }
  readonly council: {
    readonly why: string
    readonly cut: string
    readonly cutHint: (count: number) => string
    readonly uncharged: string
    readonly charged: string
    readonly phrase: string
    readonly phraseHint: string
    readonly phraseMissing: string
    readonly proposed: string
  }
  readonly report: {
    readonly open: string
    readonly title: (name: string) => string
    readonly readers: (names: string) => string
    readonly public: string
    readonly words: string
    readonly wordsHint: (max: number) => string
    readonly wordsWrong: string
    readonly inRoom: (title: string) => string
    readonly send: string
    readonly sent: string
  }
  readonly appeal: {
    readonly open: string
    readonly title: string
    readonly lead: string
    readonly root: string
    readonly words: string
    readonly wordsMissing: string
    readonly send: string
    readonly sent: (moment: string) => string
    readonly sentMore: string
    readonly nothing: string
    readonly away: string
    readonly phraseHint: string
  }
  readonly desk: {
    readonly title: string
    readonly decides: (needed: number, keys: number) => string
    readonly nobody: (key: string) => string
    readonly stewards: string
    readonly told: string
    readonly toldMore: string
    readonly none: string
    readonly openAll: string
    readonly sealed: (count: number) => string
    readonly report: (from: string, of: string, why: string) => string
    readonly reportSealed: (from: string) => string
    readonly appeal: (from: string) => string
    readonly inRoom: (room: string) => string
    readonly fresh: string
    readonly markRead: string
    readonly broken: string
    readonly onBan: (why: string, day: string) => string
    readonly onCut: (name: string, day: string) => string
    readonly onNotice: (day: string) => string
    readonly lifted: string
    readonly handed: string
    readonly handedMore: string
    readonly file: string
    readonly paste: string
    readonly pasteHint: string
    readonly read: string
    readonly change: string
    readonly changeMore: string
    readonly members: string
    readonly needed: string
    readonly changeStewards: string
    readonly changeStewardsMore: string
    readonly search: string
    readonly searchHint: string
    readonly add: (name: string) => string
    readonly remove: (name: string) => string
    readonly propose: string
    readonly noMembers: string
    readonly done: string
  }
  readonly problems: Readonly<Record<ProposalProblem, string>>
  readonly proposal: {
    readonly title: string
    readonly notice: (name: string, why: string) => string
    readonly ban: (name: string, why: string) => string
    readonly banCut: (name: string, why: string) => string
    readonly unban: (name: string) => string
    readonly council: (needed: number, names: string) => string
    readonly stewards: (names: string) => string
    readonly noStewards: string
    readonly withdraw: (name: string) => string
    readonly log: (key: string) => string
    readonly logWitnesses: (count: number) => string
    readonly signed: (names: string) => string
    readonly unsigned: string
    readonly missing: (count: number) => string
    readonly ready: string
    readonly done: string
    readonly refused: string
    readonly sign: string
    readonly signMore: string
    readonly submit: string
    readonly handOn: string
    readonly save: string
    readonly fileName: string
    readonly link: string
    readonly qr: string
  }
  readonly decisions: {
    readonly title: string
    readonly lead: string
    readonly reading: string
    readonly none: string
    readonly notice: (name: string, why: string) => string
    readonly ban: (name: string, why: string) => string
    readonly banCut: (name: string, why: string) => string
    readonly unban: (name: string) => string
    readonly certified: (by: string, name: string) => string
    readonly uncertified: (by: string, name: string) => string
    readonly vouched: (by: string, name: string) => string
    readonly undone: (by: string, name: string) => string
    readonly withdrawn: (name: string) => string
    readonly left: (name: string) => string
    readonly erased: (name: string) => string
    readonly frozen: (name: string) => string
    readonly leaked: (name: string) => string
    readonly council: (needed: number, keys: number) => string
    readonly stewards: (names: string) => string
    readonly noStewards: string
    readonly log: string
    readonly fork: string
    readonly entry: (index: number) => string
    readonly onlyCouncil: string
  }
  readonly notices: {
    readonly title: string
    readonly guest: (name: string) => string
    readonly guestMore: (moment: string) => string
    readonly me: string
    readonly meMore: (moment: string) => string
    readonly banned: (name: string, why: string) => string
    readonly bannedMore: string
    readonly meBanned: (why: string) => string
    readonly meBannedMore: string
    readonly cut: (name: string) => string
    readonly cutMore: string
    readonly meCut: (name: string) => string
    readonly meCutMore: string
    readonly leaked: (name: string) => string
    readonly leakedMore: string
    readonly see: string
    readonly away: string
    readonly awayMore: string
  }
  readonly verify: {
    readonly open: string
    readonly title: (community: string) => string
    readonly lead: string
    readonly run: string
    readonly again: string
    readonly running: string
    readonly starting: string
    readonly progress: (done: string, of: string) => string
    readonly good: string
    readonly goodMore: string
    readonly bad: (count: number) => string
    readonly badMore: string
    readonly checked: string
    readonly read: (entries: number, written: string, until: string) => string
    readonly signatures: string
    readonly rules: (members: number) => string
    readonly signed: string
    readonly witnesses: (cosigned: number, of: number) => string
    readonly noWitnesses: string
    readonly state: string
    readonly checkpoint: string
    readonly unknown: string
    readonly same: string
    readonly took: (seconds: string) => string
  }
  /** What is not final yet. */
  readonly provisional: { readonly chip: string; readonly more: string }
  /** What whoever keeps the ledger did wrong, what that is, and what it means. */
  readonly alarms: {
    readonly title: string
    readonly proven: string
    readonly seen: string
    readonly wait: string
    readonly save: string
    readonly verify: string
  }
  readonly wrongs: Readonly<Record<NoticedAlarm['kind'] | 'behind', string>>
  readonly wrongsMore: Readonly<Record<NoticedAlarm['kind'] | 'behind', string>>
  /** What is wrong with a ledger, in a plain sentence for each code. */
  readonly findings: Readonly<Record<FindingCode, string>>
  /** What others learn of where this device is. */
  readonly address: {
    readonly title: string
    readonly lead: string
    readonly hide: string
    readonly hint: string
    readonly restarts: string
  }
  readonly own: {
    readonly title: string
    readonly lead: string
    readonly public: string
    readonly publicMore: string
    readonly private: string
    readonly privateMore: string
    readonly export: string
    readonly exportMore: string
    readonly file: string
    readonly erase: string
    readonly eraseMore: string
    readonly eraseTitle: string
    readonly eraseSure: string
    readonly erased: string
    readonly leave: string
    readonly leaveMore: string
    readonly leaveTitle: string
    readonly leaveSure: string
    readonly left: string
  }
}
