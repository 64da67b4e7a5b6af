/** What each relay on a voice's way adds to its delay. */

import { setTimeout as delay } from 'node:timers/promises'
import { default as library } from 'node-datachannel'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import { platformVerifier } from '../../../node/crypto/native.ts'
import type { AudienceConnection } from '../../../node/ports/audience.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { keyText } from '../../../protocol/ids.ts'
import { connected, createScene, ROOM, type Scene, type SceneRelay } from '../../relay/fanout/scene.ts'
import { signerOf } from '../../support/community.ts'
import { type Figure, round } from '../figure.ts'
import { type Counts, Ears } from './ears.ts'
import { delaysOf } from './figures.ts'
import { BIND } from './population.ts'
import { LOUD, sendEvery, stamped } from './watch.ts'

const CHAIN = ['the first relay', 'the second relay', 'the third relay'] as const
/** At each relay: few, so that what is measured is the way and not the place in a queue. */
const LISTENERS = 4
/** Milliseconds of sound in a packet, and bytes of it: as in a small room. Of a window, and before the first. */
const PACKET = 20
const BYTES = 120
const WINDOW = 10_000
const SETTLE = 3_000

const verifier = await platformVerifier()

type At = Pick<SceneRelay, 'relay' | 'sessions'>

/** @param n windows */
export async function* hops(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const ends: (() => Promise<void>)[] = []
  const crowds = CHAIN.map(() => new Ears())
  let stop = () => {}
  try {
    const scene = await createScene({ bind: BIND, ending: (end) => ends.push(end) })
    const relays: At[] = [scene]
    for (const name of CHAIN.slice(1)) {
      const next = await scene.another(name)
      scene.join(relays.at(-1) as At, next)
      relays.push(next)
    }
    const alice = await scene.guest('Alice')
    scene.stage.add(alice.person.member)
    const voice = alice.sit({ speaks: true })
    await voice.until(connected)
    for (const [i, crowd] of crowds.entries())
      for (let k = 0; k < LISTENERS; k++)
        await listen(scene, relays[i] as At, crowd, `listener ${k} at ${CHAIN[i]}`, ends)
    note('all are there')
    stop = sendEvery(PACKET, () => voice.link.connection.send(stamped(BYTES), PACKET, LOUD))
    await delay(SETTLE)
    await Promise.all(crowds.map((crowd) => crowd.count()))
    const seen: Counts[][] = crowds.map(() => [])
    for (let i = 0; i < n; i++) {
      await delay(WINDOW)
      const counts = await Promise.all(crowds.map((crowd) => crowd.count()))
      for (const [at, each] of counts.entries()) seen[at]?.push(each)
      note(`${i + 1}/${n} ${JSON.stringify(counts.map((each) => delaysOf([each])))}`)
    }
    if (scene.failures.length > 0) throw new Error(scene.failures.join(', '))
    yield* told(seen)
  } finally {
    stop()
    for (const crowd of crowds) crowd.stop()
    for (const end of ends.reverse()) await end()
    library.cleanup()
  }
}

function* told(seen: readonly (readonly Counts[])[]): Generator<Figure> {
  const all = seen.map(delaysOf)
  for (const [i, delays] of all.entries()) {
    const what = i === 0 ? 'over one relay' : `over a chain of ${i + 1} relays`
    const packets = seen[i]?.reduce((sum, each) => sum + each.packets, 0) ?? 0
    const lost = seen[i]?.reduce((sum, each) => sum + each.lost, 0) ?? 0
    yield { metric: `delay from speaker to listener, ${what}`, unit: 'ms', n: packets, ...delays }
    yield { metric: `packets lost, ${what}`, unit: '1', n: packets, value: lost }
  }
  const [first, last] = [all[0], all.at(-1)]
  if (first === undefined || last === undefined) return
  const more = all.length - 1
  for (const rank of ['p50', 'p99'] as const)
    yield {
      metric: `added by each relay after the first, difference of the ${rank}`,
      unit: 'ms',
      n: more,
      value: round((last[rank] - first[rank]) / more),
    }
}

async function listen(
  scene: Scene,
  at: At,
  ears: Ears,
  name: string,
  ends: (() => Promise<void>)[],
): Promise<void> {
  const { person, network } = await scene.guest(name, at)
  const stands = Promise.withResolvers<void>()
  const link: AudienceLink<AudienceConnection> = new AudienceLink({
    room: ROOM,
    relay: { peer: at.relay.peer, key: keyText(at.relay.publicKey) },
    speaks: false,
    me: { member: person.member, device: person.device, peer: signerOf(`${name} session`).publicKey },
    network,
    connections: ears.audience(BIND),
    clock: systemClock,
    verifier,
    membership: () => scene.membership(),
    onChange: () => {
      if (link.connected && link.hearing > 0) stands.resolve()
    },
    onEnd: ({ reason }) => stands.reject(new Error(`a link ended: ${reason}`)),
  })
  ends.push(() => link.close())
  await stands.promise
}
