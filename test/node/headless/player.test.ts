import { expect, it } from 'vitest'
import { PacketTrack } from '../../../node/headless/packet-track.ts'
import { play } from '../../../node/headless/player.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'

/** Of 20, 60 and 20 ms. */
const PACKETS = [Uint8Array.of(0x48, 1), Uint8Array.of(0x4b, 3, 2), Uint8Array.of(0x48, 3)]

function listened() {
  const [track, clock] = [new PacketTrack(), turnedClock(1_000)]
  const heard: [at: number, byte: number][] = []
  track.subscribe((opus) => heard.push([clock.now() - 1_000, opus.at(-1) as number]))
  return { track, clock, heard }
}

it('plays each packet when the one before it is over', async () => {
  const { track, clock, heard } = listened()
  const played = play(PACKETS, track, clock, new AbortController().signal)
  for (let i = 0; i < 12; i++) clock.turn(10)
  expect(heard).toEqual([
    [0, 1],
    [20, 2],
    [80, 3],
  ])
  expect(await played).toEqual({ packets: 3, milliseconds: 100 })
})

it('is no later at the end for having been kept waiting', async () => {
  const { track, clock, heard } = listened()
  const played = play(PACKETS, track, clock, new AbortController().signal)
  // It is called back when it asked to be, and by then it is late.
  clock.set(1_085)
  clock.turn(20)
  expect(heard).toHaveLength(3)
  expect(heard.map(([, byte]) => byte)).toEqual([1, 2, 3])
  expect((await played).milliseconds).toBe(100)
})

it('ends when it is told to, and when nobody takes it any more', async () => {
  const one = listened()
  const ending = new AbortController()
  const first = play(PACKETS, one.track, one.clock, ending.signal)
  ending.abort()
  expect(await first).toEqual({ packets: 1, milliseconds: 20 })
  const other = listened()
  const second = play(PACKETS, other.track, other.clock, new AbortController().signal)
  other.track.enabled = false
  other.clock.turn(20)
  expect(await second).toEqual({ packets: 1, milliseconds: 20 })
  other.track.enabled = true
  other.track.stop()
  expect(other.track.put(PACKETS[0] as Uint8Array)).toBe(false)
  expect(other.heard).toHaveLength(1)
})
