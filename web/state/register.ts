import type { AppealView, CouncilView, MessageView } from '../../node/people/council-view.ts'
import type { DecisionView, InvitationsView, NoticeView, PersonView } from '../../node/people/view.ts'
import type { People } from '../../node/view.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'
import { Watched } from './watched.ts'

/** The people of the community as they are drawn: everybody who ever came in, and what was decided about them. */
export class Register {
  readonly people: People
  readonly #all: Watched<readonly PersonView[]>
  readonly #invitations: Watched<InvitationsView>
  readonly #decisions: Watched<readonly DecisionView[] | undefined>
  readonly #notices: Watched<readonly NoticeView[]>
  readonly #provisional: Watched<People['provisional']['value']>
  readonly #council: Watched<CouncilView>
  readonly #messages: Watched<readonly MessageView[] | undefined>
  readonly #appeal: Watched<AppealView>
  #index: { readonly of: readonly PersonView[]; readonly byId: ReadonlyMap<MemberId, PersonView> } = {
    of: [],
    byId: new Map(),
  }

  constructor(people: People) {
    this.people = people
    this.#all = new Watched(people.all)
    this.#invitations = new Watched(people.invitations)
    this.#decisions = new Watched(people.decisions)
    this.#notices = new Watched(people.notices)
    this.#provisional = new Watched(people.provisional)
    this.#council = new Watched(people.desk.view)
    this.#messages = new Watched(people.desk.messages)
    this.#appeal = new Watched(people.desk.appeal)
  }

  get all(): readonly PersonView[] {
    return this.#all.value
  }

  get invitations(): InvitationsView {
    return this.#invitations.value
  }

  get decisions(): readonly DecisionView[] | undefined {
    return this.#decisions.value
  }

  get notices(): readonly NoticeView[] {
    return this.#notices.value
  }

  /** Whether a statement, a member or an entry is not final yet. */
  isProvisional(what: StatementId | MemberId | number): boolean {
    return this.#provisional.value(what)
  }

  get council(): CouncilView {
    return this.#council.value
  }

  /** What the council was told and I can open. */
  get messages(): readonly MessageView[] | undefined {
    return this.#messages.value
  }

  get appeal(): AppealView {
    return this.#appeal.value
  }

  /** Looked up in an index that is made once for each value of `all`. */
  person(id: MemberId): PersonView | undefined {
    const { all } = this
    if (this.#index.of !== all) this.#index = { of: all, byId: new Map(all.map((one) => [one.id, one])) }
    return this.#index.byId.get(id)
  }
}
