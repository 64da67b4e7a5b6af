import type { LedgerState } from '../../protocol/community/membership.ts'

/** Entries of one map in one value: a large one would have to be read and written as a whole, at the cost of twice its memory. */
const PIECE = 4096

/** The maps of a state; everything else of it is small. */
const MAPS = [
  'members',
  'roots',
  'devices',
  'invitations',
  'invitationKeys',
  'slots',
  'rooms',
  'attests',
  'attested',
  'bans',
  'statements',
] as const satisfies readonly (keyof LedgerState)[]

export type MapName = (typeof MAPS)[number]

/** What is stored of a state beside the pieces of its maps, and how many of those each of them has. */
export interface StoredState {
  readonly state: Omit<LedgerState, MapName | 'touched'>
  readonly pieces: Readonly<Record<MapName, number>>
}

/** A map while it is filled. */
export interface Filling {
  set(key: string, value: unknown): unknown
  done(): ReadonlyMap<string, unknown>
}

export function storedState({ touched: _, ...state }: LedgerState): StoredState {
  const pieces: Partial<Record<MapName, number>> = {}
  for (const name of MAPS) {
    pieces[name] = Math.ceil(state[name].size / PIECE)
    delete (state as Partial<LedgerState>)[name]
  }
  return { state, pieces: pieces as StoredState['pieces'] }
}

/** The pieces with their names, in the order in which `readState` asks for them. */
export function* storedPieces(state: LedgerState): Generator<readonly [name: string, entries: unknown]> {
  for (const name of MAPS) {
    const map: ReadonlyMap<string, unknown> = state[name]
    let piece: (readonly [string, unknown])[] = []
    let count = 0
    for (const entry of map) {
      piece.push(entry)
      if (piece.length < PIECE) continue
      yield [`${name}/${count++}`, piece]
      piece = []
    }
    if (piece.length > 0) yield [`${name}/${count}`, piece]
  }
}

/** The state again. @param read gives a piece by its name @param begin makes an empty map, which is filled in the order of the one that was stored */
export async function readState(
  { state, pieces }: StoredState,
  read: (name: string) => Promise<unknown>,
  begin: (name: MapName) => Filling,
): Promise<LedgerState> {
  const maps: Partial<Record<MapName, ReadonlyMap<string, unknown>>> = {}
  for (const name of MAPS) {
    const map = begin(name)
    for (let i = 0; i < pieces[name]; i++) {
      for (const [key, value] of (await read(`${name}/${i}`)) as [string, unknown][]) map.set(key, value)
    }
    maps[name] = map.done()
  }
  return { ...state, ...maps, touched: [] } as unknown as LedgerState
}
