/** What honest members of a room notice of one who floods it. */

import { fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Peer, RoomSession } from '../../node/view.ts'
import type { Answer, Order } from '../support/flooder.ts'
import { joinListed, until } from '../support/node-peer.ts'
import { deviceOf, type SeededRelay, startSeededRelay } from '../support/seeded-relay.ts'
import { against, distribution, type Figure, round } from './figure.ts'

const FLOODER = fileURLToPath(new URL('../support/flooder.ts', import.meta.url))

const OPERATIONS = 1_000
const SUBSCRIPTIONS = 10_000
/** Between two operations of the host. Milliseconds. */
const PAUSE = 200
/** An operation that nobody saw by then came by anti-entropy, or not at all. Milliseconds. */
const PATIENCE = 20_000

/** @param n operations of the host, idle and under the flood */
export async function* flood(n: number, note: (text: string) => void): AsyncGenerator<Figure> {
  const seeded = await startSeededRelay()
  const peers: Peer[] = []
  const mallory = fork(FLOODER)
  try {
    const [alice, bob, trudy] = [
      await resume(seeded, 'alice'),
      await resume(seeded, 'bob'),
      await resume(seeded, 'trudy'),
    ]
    peers.push(alice, bob, trudy)
    const hers = await alice.openRoom({ title: 'Siege', topics: [], language: 'en' })
    const others = [await joinListed(bob, 'Siege'), await joinListed(trudy, 'Siege')]
    for (const session of [hers, ...others]) await until(session.view, ({ people }) => people.length === 3)
    note('three honest members are in a room')
    await order(mallory, {
      do: 'enter',
      origin: seeded.relay.origin,
      community: seeded.alice.community,
      at: seeded.at,
      room: hers.view.value.id,
      others: 3,
    })
    note('Mallory is linked to all of them')

    await say(hers, others, 10)
    const idle = await say(hers, others, n)
    note(`idle: ${JSON.stringify(distribution(idle))}`)
    const before = memory()
    await order(mallory, { do: 'flood', operations: OPERATIONS, subscriptions: SUBSCRIPTIONS })
    const flooded = await say(hers, others, n)
    note(`flooded: ${JSON.stringify(distribution(flooded))}`)
    const after = memory()

    const calm = distribution(idle)
    const busy = distribution(flooded)
    yield { metric: 'operation of the host -> seen, idle', unit: 'ms', n: idle.length, ...calm }
    yield {
      metric: `the same while a member sends ${OPERATIONS} invalid operations a second and ${SUBSCRIPTIONS} subscriptions`,
      unit: 'ms',
      n: flooded.length,
      ...busy,
      compared: [against({ peer: 'p99, idle' }, calm.p99, busy.p99)],
    }
    for (const who of ['honest members', 'relay'] as const)
      yield {
        metric: `memory of the ${who} after the flood`,
        unit: 'kB',
        n: 1,
        value: round(after[who]),
        compared: [against({ peer: 'before it' }, before[who], after[who])],
      }
  } finally {
    mallory.kill('SIGKILL')
    for (const peer of peers) await peer.stop()
    await seeded.relay.close()
  }
}

async function resume(seeded: SeededRelay, who: 'alice' | 'bob' | 'trudy'): Promise<Peer> {
  const peer = await (await deviceOf(seeded[who])).open(seeded.relay.origin).resume()
  if (!peer) throw new Error('the membership is not known')
  await until(peer.relay, (state) => state === 'connected')
  return peer
}

/** The host renames the room again and again. @returns milliseconds until each of the others saw it */
async function say(hers: RoomSession, others: readonly RoomSession[], n: number): Promise<number[]> {
  const waits: number[] = []
  for (let i = 0; i < n; i++) {
    const title = `Siege ${crypto.randomUUID()}`
    const began = performance.now()
    const seen = others.map(async ({ view }) => {
      await until(view, (now) => now.title === title, PATIENCE)
      waits.push(performance.now() - began)
    })
    await hers.changeRoom({ title })
    await Promise.all(seen)
    await delay(PAUSE)
  }
  return waits
}

function order(flooder: ReturnType<typeof fork>, what: Order): Promise<void> {
  return new Promise((resolve, reject) => {
    flooder.once('message', (answer: Answer) => {
      if ('done' in answer) resolve()
      else reject(new Error(answer.failed))
    })
    flooder.send(what)
  })
}

/** Resident, in kB, of this process, in which the honest are, and of the relay's. */
function memory(): Readonly<Record<'honest members' | 'relay', number>> {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const relay = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('relay/main'))
  return { 'honest members': resident(String(process.pid)), relay: relay ? resident(relay) : 0 }
}

function resident(pid: string): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
