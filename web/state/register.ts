import type { DecisionView, InvitationsView, NoticeView, PersonView } from '../../node/people/view.ts'
import type { People } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { Watched } from './watched.ts'

/** The people of the community as they are drawn: everybody who ever came in, and what was decided about them. */
export class Register {
  readonly people: People
  readonly #all: Watched<readonly PersonView[]>
  readonly #invitations: Watched<InvitationsView>
  readonly #decisions: Watched<readonly DecisionView[] | undefined>
  readonly #notices: Watched<readonly NoticeView[]>
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

  /** Looked up in an index that is made once for each value of `all`. */
  person(id: MemberId): PersonView | undefined {
    const { all } = this
    if (this.#index.of !== all) this.#index = { of: all, byId: new Map(all.map((one) => [one.id, one])) }
    return this.#index.byId.get(id)
  }
}
