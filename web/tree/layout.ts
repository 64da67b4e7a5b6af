import { type HierarchyPointNode, hierarchy, tree } from 'd3-hierarchy'
import type { PersonView } from '../../node/people/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Forest } from './forest.ts'

/** Height of one person and width of one generation, in units of the picture: CSS pixels at scale 1. */
export const ROW = 64
export const COLUMN = 264

/** Somebody in their place. */
export interface Placed {
  readonly person: PersonView
  /** Middle of their picture. */
  readonly x: number
  readonly y: number
  /** From 1, for a founder. */
  readonly level: number
  /** From 1, among those of the same sponsor. */
  readonly position: number
  readonly siblings: number
  readonly guests: number
  readonly open: boolean
  readonly parent: Placed | undefined
}

export interface Picture {
  /** As they are read: each before their guests. */
  readonly placed: readonly Placed[]
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** What stands above the founders, and is not drawn. */
interface Ground {
  readonly person: PersonView | undefined
}

/** Lays out everybody whose sponsors are open, with Buchheim's tidy tree: linear in those who are drawn, not in those who exist. */
export function layOut({ founders, guestsOf }: Forest, open: ReadonlySet<MemberId>): Picture {
  const root = hierarchy<Ground>({ person: undefined }, ({ person }) => {
    if (person === undefined) return founders.map((founder) => ({ person: founder }))
    return open.has(person.id) ? (guestsOf.get(person.id) ?? []).map((guest) => ({ person: guest })) : []
  })
  const laid = tree<Ground>()
    .nodeSize([ROW, COLUMN])
    .separation((a, b) => (a.parent === b.parent ? 1 : 1.2))(root)

  const placed: Placed[] = []
  const places = new Map<HierarchyPointNode<Ground>, Placed>()
  const seated = new Map<HierarchyPointNode<Ground>, number>()
  // `eachBefore` is the order of reading.
  laid.eachBefore((node) => {
    const { person } = node.data
    if (person === undefined) return
    const parent = node.parent as HierarchyPointNode<Ground>
    const position = (seated.get(parent) ?? 0) + 1
    seated.set(parent, position)
    const place: Placed = {
      person,
      x: node.y - COLUMN,
      y: node.x,
      level: node.depth,
      position,
      siblings: parent.children?.length ?? 1,
      guests: guestsOf.get(person.id)?.length ?? 0,
      open: open.has(person.id),
      parent: places.get(parent),
    }
    places.set(node, place)
    placed.push(place)
  })
  const ys = placed.map(({ y }) => y)
  return {
    placed,
    left: 0,
    right: placed.reduce((most, { x }) => Math.max(most, x), 0),
    top: ys.reduce((least, y) => Math.min(least, y), 0),
    bottom: ys.reduce((most, y) => Math.max(most, y), 0),
  }
}
