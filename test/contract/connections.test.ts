import { describe, expect, onTestFinished, test } from 'vitest'
import { PacketTrack } from '../../node/headless/packet-track.ts'
import { RoomSound } from '../../node/headless/room-sound.ts'
import { MemoryMedia } from '../../node/mesh/memory-connections.ts'
import type { SessionDescription } from '../../node/ports/connections.ts'
import { idOf, type RoomId } from '../../protocol/ids.ts'
import { createVerifier } from '../../protocol/signature.ts'
import { bytesOf, signerOf } from '../support/community.ts'
import { CONNECTIONS_CONTRACT, NEW_ROADS } from './connections.ts'

describe('connections in memory', () => {
  test.each(CONNECTIONS_CONTRACT)('$name', async ({ run }) => {
    const media = new MemoryMedia()
    const track = () => ({ kind: 'audio', enabled: true }) as MediaStreamTrack
    await run({ connections: media.session(), speaker: signerOf('Alice').publicKey, track })
    expect(media.size, 'connections left open').toBe(0)
  })
})

/** Long enough for a loaded machine: real sockets, real handshakes. Milliseconds. */
const PATIENCE = 60_000

describe('connections without devices for sound', { timeout: PATIENCE }, () => {
  const cases = CONNECTIONS_CONTRACT.filter(({ name }) => name !== NEW_ROADS)

  function sound(): RoomSound {
    const session = { room: idOf<RoomId>(bytesOf('room')), seed: bytesOf('Alice') }
    const report = (where: string, error: unknown) => {
      throw new Error(where, { cause: error })
    }
    return new RoomSound(session, { verifier: createVerifier(), bind: '127.0.0.1', iceServers: [], report })
  }

  /** Twenty milliseconds of noise, again and again: SILK, one frame. */
  function track(): MediaStreamTrack {
    const voice = new PacketTrack()
    const packet = Uint8Array.of(0x48, ...Array.from({ length: 40 }, (_, i) => i))
    const timer = setInterval(() => voice.put(packet), 20)
    onTestFinished(() => clearInterval(timer))
    return voice.asMicrophone().getAudioTracks()[0] as MediaStreamTrack
  }

  test.each(cases)('$name', async ({ run }) => {
    await run({ connections: sound(), speaker: signerOf('Alice').publicKey, track })
  })

  test('RFC 8842 whoever answers first waits for DTLS to be begun: the other side may not have the answer yet', async () => {
    const connections = sound()
    const open = () =>
      connections.open({ negotiationNeeded() {}, candidate() {}, changed() {} }, signerOf('Alice').publicKey)
    const [alice, bob] = [open(), open()]
    onTestFinished(() => {
      for (const each of [alice, bob]) each.close()
    })
    const setupOf = ({ sdp }: SessionDescription) => /^a=setup:(\S+)/m.exec(sdp)?.[1]
    const setups: (string | undefined)[] = []
    for (const [from, to] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      from.send(track())
      const offer = await from.describe()
      expect(await to.accept(offer)).toEqual({ ok: true, value: true })
      const answer = await to.describe()
      expect(await from.accept(answer)).toEqual({ ok: true, value: true })
      setups.push(setupOf(offer), setupOf(answer))
    }
    expect(setups).toEqual(['actpass', 'passive', 'actpass', 'active'])
  })

  test('is closed when new roads are wanted, by either side, and says so', async () => {
    const connections = sound()
    let told = 0
    const changed = () => {
      told += 1
    }
    const listener = { negotiationNeeded() {}, candidate() {}, changed }
    const connection = connections.open(listener, signerOf('Alice').publicKey)
    connection.restartIce()
    expect(connection.state).toBe('closed')
    expect(told).toBe(0)
    await Promise.resolve()
    expect(told).toBe(1)
    connection.close()
  })
})
