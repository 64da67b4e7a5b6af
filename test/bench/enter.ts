/** From the click on an invitation to being inside, in a community whose ledger is long. */

import type { Peer } from '../../node/view.ts'
import { codeOf, newDevice, until } from '../support/node-peer.ts'
import { startVillageRelay } from '../support/village-relay.ts'
import { against, distribution, type Figure } from './figure.ts'

const ENTRIES = 20_000
/** What the project allows the computation of a light start, in milliseconds. */
const COMPUTATION = 50

/** @param n newcomers */
export async function* enter(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  note(`a ledger of ${ENTRIES.toLocaleString('en')} entries, and its relay`)
  const village = await startVillageRelay({ members: ENTRIES, entries: ENTRIES, guests: n })
  const inside: number[] = []
  const computed: number[] = []
  const whole: number[] = []

  async function come(link: string): Promise<void> {
    const code = codeOf(link)
    const door = (await newDevice({ lightFrom: 1 })).open(village.relay.origin)
    const begun = performance.now()
    const before = process.cpuUsage()
    await door.readInvitation(code)
    const peer: Peer = await door.join({ code, name: 'Guest', identity: await door.newIdentity() })
    const { user, system } = process.cpuUsage(before)
    computed.push((user + system) / 1000)
    inside.push(performance.now() - begun)
    await until(peer.reading, (reading) => reading === undefined, 10 * 60_000)
    whole.push(performance.now() - begun)
    await peer.stop()
  }

  try {
    for (const [i, link] of village.links.entries()) {
      note(`a light start, ${i + 1} of ${n}`)
      await come(link)
    }
    const [light, read] = [distribution(inside), distribution(whole)]
    const spent = distribution(computed)
    const what = `among ${village.entries} entries`
    yield {
      metric: `click on an invitation -> inside ${what}`,
      unit: 'ms',
      n,
      ...light,
      compared: [against({ peer: 'the same until the ledger is read and verified' }, read.p50, light.p50)],
    }
    yield {
      metric: `processor time of the newcomer for it, connection, identity and join included`,
      unit: 'ms',
      n,
      ...spent,
      compared: [against({ limit: 'computation of a light start' }, COMPUTATION, spent.p50)],
    }
    yield {
      metric: `click on an invitation -> the ledger read and verified ${what}`,
      unit: 'ms',
      n,
      ...read,
    }
  } finally {
    await village.relay.close()
  }
}
