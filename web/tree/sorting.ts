import type { PersonView } from '../../node/people/view.ts'
import { folded } from './forest.ts'

/** The columns by which people can be put in order. */
export const COLUMNS = ['name', 'sponsor', 'since', 'guests', 'standing'] as const
export type Column = (typeof COLUMNS)[number]

export interface Order {
  readonly by: Column
  readonly direction: 'ascending' | 'descending'
}

/** What a press on a column's heading asks for: this column, or the other way round. */
export function pressed(order: Order, column: Column): Order {
  const turned = order.by === column && order.direction === 'ascending'
  return { by: column, direction: turned ? 'descending' : 'ascending' }
}

/**
 * The people in this order; those who are equal in it stay as they were.
 * @param nameOf also of sponsors; the empty text for none
 */
export function sorted(
  people: readonly PersonView[],
  { by, direction }: Order,
  nameOf: (id: PersonView['id'] | undefined) => string,
): readonly PersonView[] {
  const turn = direction === 'ascending' ? 1 : -1
  switch (by) {
    case 'name':
      return byText((person) => nameOf(person.id))
    case 'sponsor':
      return byText((person) => nameOf(person.sponsor))
    case 'standing':
      return byText((person) => (person.standing === 'active' ? '' : person.standing))
    case 'since':
      return people.toSorted((a, b) => turn * (a.since - b.since))
    case 'guests':
      return people.toSorted((a, b) => turn * (a.guests - b.guests || a.below - b.below))
  }

  /** By letters without their marks: a collator of the language would take a third of a second for 10,000 names. */
  function byText(textOf: (person: PersonView) => string): readonly PersonView[] {
    return people
      .map((person) => ({ person, text: folded(textOf(person)) }))
      .toSorted((a, b) => turn * (a.text < b.text ? -1 : Number(a.text > b.text)))
      .map(({ person }) => person)
  }
}
