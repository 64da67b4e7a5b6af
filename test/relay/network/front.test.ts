import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { Front } from '../../../relay/network/front.ts'

let front: Front
afterEach(() => front.close())

async function listening(host: string): Promise<Front> {
  front = new Front({
    listen: { host, port: 0 },
    httpHandler: (request, response) => response.end(`you asked for ${request.url}`),
  })
  await front.listen()
  return front
}

/** How a WebSocket ends up: open, or the HTTP status that it was refused with. */
function upgrade(url: string): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url)
    socket.on('open', () => resolve('open'))
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('error', reject)
  })
}

/** What a server says to raw bytes until it hangs up. */
function say(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (data) => {
      answer += data.toString()
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('the one port', () => {
  test('serves HTTP and hands over WebSockets, on both addresses of localhost', async () => {
    const { port } = await listening('localhost')
    const taken: string[] = []
    front.accept((socket, { address }) => {
      taken.push(address)
      socket.terminate()
    })
    front.open()
    expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).text()).toBe('you asked for /healthz')
    expect(await upgrade(`ws://127.0.0.1:${port}/`)).toBe('open')
    expect(taken).toEqual(['127.0.0.1'])
    expect(await (await fetch(`http://[::1]:${port}/`)).text()).toBe('you asked for /')
    expect(await upgrade(`ws://[::1]:${port}/`)).toBe('open')
    expect(taken).toEqual(['127.0.0.1', '::1'])
  })

  test('lets no WebSocket in before it is open, without somebody to take it, or elsewhere than at /', async () => {
    const { port } = await listening('127.0.0.1')
    front.accept((socket) => socket.terminate())
    expect(await upgrade(`ws://127.0.0.1:${port}/`)).toBe(503)
    front.open()
    expect(await upgrade(`ws://127.0.0.1:${port}/elsewhere`)).toBe(404)
    front.accept(undefined)
    expect(await upgrade(`ws://127.0.0.1:${port}/`)).toBe(503)
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
  })

  test('refuses what is no HTTP and heads that are too large, and cuts off messages that are too large', async () => {
    const { port } = await listening('127.0.0.1')
    expect(await say(port, '\x16\x03\x01nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await say(port, `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(17 * 1024)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 (?:400|431) /,
    )
    const ended = new Promise<number>((resolve) => {
      front.accept((socket) => {
        socket.on('error', () => {})
        socket.on('close', (code) => resolve(code))
      })
    })
    front.open()
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
    socket.on('error', () => {})
    socket.on('open', () => socket.send(new Uint8Array(1024 * 1024 + 1)))
    // RFC 6455 §7.4.1: 1009 is a message too big to process; 1006 is what the server sees when the client hangs up first.
    expect([1006, 1009]).toContain(await ended)
  })

  test('outlives clients that reset their connection while they are refused', async () => {
    const { port } = await listening('127.0.0.1')
    const uncaught: unknown[] = []
    const note = (error: unknown) => void uncaught.push(error)
    process.on('uncaughtException', note)
    const head = 'GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    // A reset finds the server before, in or after its answer; among so many it finds it in each.
    for (let client = 0; client < 50; client += 1) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(head, () => socket.resetAndDestroy()))
        socket.on('error', () => {})
        socket.on('close', () => resolve())
      })
    }
    expect(await upgrade(`ws://127.0.0.1:${port}/elsewhere`)).toBe(404)
    process.off('uncaughtException', note)
    expect(uncaught).toEqual([])
  })

  test('says so when the port is taken', async () => {
    const { port } = await listening('127.0.0.1')
    const second = new Front({ listen: { host: '127.0.0.1', port }, httpHandler: () => {} })
    await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await second.close()
  })
})
