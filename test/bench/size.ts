/** What a browser fetches of the app before the first screen, compressed. */

import { against, type Figure, round } from './figure.ts'
import { type Fetched, FIRST_LOAD_LIMIT, weigh } from './first-load.ts'
import { measureFirstLoads } from './first-loads.ts'
import { weighPackages } from './modules.ts'

/** The limit that comes next, in bytes. */
const NEXT_LIMIT = 160_000

/** js-libp2p with the transports and services that we use and nothing of ours, bundled and minified, brotli 11; in bytes. */
const BARE_LIBP2P = 138_000

/** Packages listed. */
const LISTED = 25

export async function* size(_n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const loads = await measureFirstLoads()
  for (const [screen, { before, after }] of Object.entries(loads)) {
    yield { ...total(`first load of ${screen}, brotli 11`, before, 'brotli'), compared: limits(before) }
    yield total(`first load of ${screen}, gzip 9`, before, 'gzip')
    yield total(`first load of ${screen}, as sent`, before, 'sent')
    yield total(`fetched after ${screen} was drawn, brotli 11`, after, 'brotli')
  }
  note('packages in the whole app, before names are shortened and before compression:')
  const packages = [...(await weighPackages())].slice(0, LISTED)
  for (const [name, weight] of packages) note(`${String(kB(weight)).padStart(6)} kB  ${name}`)
}

function total(metric: string, all: readonly Fetched[], by: Exclude<keyof Fetched, 'path'>): Figure {
  const heaviest = all.toSorted((a, b) => b[by] - a[by])
  const parts = Object.fromEntries(heaviest.map((each) => [each.path, kB(each[by])]))
  return { metric, unit: 'kB', n: all.length, value: kB(weigh(all, by)), parts }
}

function limits(before: readonly Fetched[]) {
  const value = kB(weigh(before, 'brotli'))
  return [
    against({ limit: 'now' }, kB(FIRST_LOAD_LIMIT), value),
    against({ limit: 'later' }, kB(NEXT_LIMIT), value),
    against({ peer: 'bare js-libp2p' }, kB(BARE_LIBP2P), value),
  ]
}

/** 1 kB is 1000 bytes. */
function kB(bytes: number): number {
  return bytes < 100_000 ? round(bytes / 1000) : Number((bytes / 1000).toFixed(1))
}
