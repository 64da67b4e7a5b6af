import { PeerError } from '../../node/errors.ts'
import { Observed } from '../../node/observed.ts'
import type {
  AppealView,
  CouncilAct,
  CouncilDesk,
  CouncilSeat,
  CouncilView,
  MessageView,
  ProposalProblem,
  ProposalView,
  ProposedAct,
} from '../../node/people/council-view.ts'
import type { Right, WhyView } from '../../node/people/view.ts'
import type { KeyText, MemberId, RoomId, StatementId } from '../../protocol/ids.ts'

/** What the desk of a village is told of it. */
export interface FakeDeskOptions {
  readonly members: readonly { readonly id: MemberId; readonly sponsor: MemberId | undefined }[]
  readonly me: MemberId
  readonly now: number
  readonly phrase: string
  readonly rights: readonly Right[]
  /** One key of the council is enough. */
  readonly alone: boolean
  readonly messages: readonly MessageView[]
  readonly appeal: AppealView
}

/** What stands in a message once it is opened, as the village has it. */
const OPENED: readonly Exclude<MessageView['content'], string>[] = [
  { of: undefined, why: undefined, words: 'Ce n’était pas moi, mais mon frère.', room: undefined },
  {
    of: undefined,
    why: 'abuse',
    words: 'Il a coupé la parole à tout le monde, trois fois, et s’est moqué de Rose.',
    room: undefined,
  },
]

/** The council of a village in memory: what it decides takes effect at once, or once two have signed. */
export class FakeDesk implements CouncilDesk {
  readonly #options: FakeDeskOptions
  readonly #take: (act: CouncilAct) => void
  readonly view: Observed<CouncilView>
  readonly messages: Observed<readonly MessageView[] | undefined>
  readonly appeal: Observed<AppealView>
  /** What was told to the council from here. */
  readonly sent: {
    readonly member: MemberId
    readonly why: WhyView
    readonly words: string
    readonly room: RoomId | undefined
  }[] = []

  constructor(options: FakeDeskOptions, take: (act: CouncilAct) => void) {
    const { rights, members, me, alone, messages, appeal } = options
    this.#options = options
    this.#take = take
    const mine = rights.includes('ban')
    const founders = members.filter(({ sponsor }) => sponsor === undefined).map(({ id }) => id)
    const of = [...new Set([...founders, ...(mine ? [me] : [])])]
    this.view = new Observed<CouncilView>({
      seats: of.map((member) => this.#seat(member)),
      needed: alone ? 1 : 2,
      stewards: founders,
      mine,
    })
    this.messages = new Observed<readonly MessageView[] | undefined>(mine ? messages : undefined)
    this.appeal = new Observed(appeal)
  }

  rootOf(member: MemberId): KeyText {
    return member as string as KeyText
  }

  async report(member: MemberId, why: WhyView, words: string, room?: RoomId): Promise<void> {
    this.sent.push({ member, why, words, room })
  }

  async sendAppeal(_words: string, phrase: string | undefined): Promise<void> {
    if (phrase !== undefined) this.#sign(phrase)
    this.appeal.set({ state: 'sent', at: this.#options.now })
  }

  async open(phrase: string): Promise<void> {
    this.#sign(phrase)
    const of = this.#options.members.at(-2)?.id
    this.messages.set(
      this.messages.value?.map((message) => {
        const content = OPENED[message.type === 'appeal' ? 0 : 1] as Exclude<MessageView['content'], string>
        return message.content === 'sealed'
          ? { ...message, content: message.type === 'report' ? { ...content, of } : content }
          : message
      }),
    )
  }

  async markRead(ids: readonly StatementId[]): Promise<void> {
    this.messages.set(
      this.messages.value?.map((one) => (ids.includes(one.id) ? { ...one, fresh: false } : one)),
    )
  }

  async decide(act: CouncilAct, phrase: string): Promise<ProposalView | undefined> {
    this.#sign(phrase)
    if (!this.#options.alone) return this.#proposal(act, [this.#options.me])
    this.#take(act)
    return undefined
  }

  async read(text: string): Promise<ProposalView | ProposalProblem> {
    const { members, me } = this.#options
    if (text.includes('foreign')) return 'foreign'
    const [other] = members
    if (other === undefined || !/ban/.test(text)) return 'damaged'
    const member = members.at(-2)?.id ?? me
    return this.#proposal({ what: 'ban', member, why: 'abuse', cut: true }, [other.id])
  }

  async sign(proposal: ProposalView, phrase: string): Promise<ProposalView> {
    this.#sign(phrase)
    const signed = [...proposal.signed, this.#seat(this.#options.me)]
    return { ...proposal, signed, mine: true, state: signed.length < proposal.needed ? 'open' : 'ready' }
  }

  async submit({ act }: ProposalView): Promise<void> {
    if (act.what === 'withdraw' || act.what === 'log') return
    this.#take(act.what === 'council' ? { ...act, keys: act.seats.map(({ key }) => key) } : act)
  }

  #proposal(act: CouncilAct, by: readonly MemberId[]): ProposalView {
    const proposed: ProposedAct =
      act.what === 'council'
        ? {
            what: act.what,
            needed: act.needed,
            seats: act.keys.map((key) => this.#seat(key as string as MemberId)),
          }
        : act
    return {
      statement: 'proposal' as StatementId,
      act: proposed,
      signed: by.map((member) => this.#seat(member)),
      needed: 2,
      mine: by.includes(this.#options.me),
      state: 'open',
      file: '{"format":"palabre-request","version":1,"statement":"ban"}\n',
      link: `https://palabre.example/#/sign/ban${'A'.repeat(400)}`,
    }
  }

  #seat(member: MemberId): CouncilSeat {
    return { key: this.rootOf(member), member }
  }

  #sign(phrase: string): void {
    if (phrase !== this.#options.phrase) throw new PeerError('phrase-wrong')
  }
}
