import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import {
  HTTP_CHECK_MS,
  HTTP_HEADERS_MS,
  HTTP_REQUEST_MS,
  MAX_HTTP_HEADER_BYTES,
  MAX_SOCKET_MESSAGE_BYTES,
  MAX_SOCKETS,
} from './limits.ts'

export interface FrontOptions {
  /** `localhost` is both of its addresses: a browser may resolve it to either. No host is every interface. */
  readonly listen: { readonly host?: string; readonly port: number }
  /** PEM. Without it the front speaks plain HTTP, for this machine or behind a proxy that ends TLS. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Everything that is not a WebSocket. */
  readonly httpHandler: RequestListener
}

export type AcceptSocket = (
  socket: WebSocket,
  remote: { readonly address: string; readonly port: number },
) => void

/**
 * The one public port: HTTP, and libp2p's WebSockets at `/`, where a multiaddr `/…/tcp/<port>/ws` leads.
 *
 * The listener of `@libp2p/websockets` cannot be shared: it makes its own server, answers every plain request with
 * status 400, hands sockets to a server that never listens and so never applies its timeouts, and accepts messages of 100 MiB from
 * anybody. So the server is ours, and its sockets are given to libp2p by `FrontTransport`.
 */
export class Front {
  readonly #options: FrontOptions
  readonly #servers: Server[] = []
  readonly #upgrades: WebSocketServer
  #accept: AcceptSocket | undefined
  #isOpen = false

  constructor(options: FrontOptions) {
    this.#options = options
    this.#upgrades = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_SOCKET_MESSAGE_BYTES,
      perMessageDeflate: false,
      clientTracking: false,
    })
  }

  /** The port that is listened on: the one asked for, or what the system gave for 0. */
  get port(): number {
    const address = this.#servers[0]?.address() as AddressInfo | null | undefined
    if (address == null) throw new Error('the front is not listening')
    return address.port
  }

  get secure(): boolean {
    return this.#options.tls !== undefined
  }

  /** @throws the system's error, for example EADDRINUSE */
  async listen(): Promise<void> {
    const { host, port } = this.#options.listen
    if (host !== 'localhost') return await this.#listen(host, port)
    await this.#listen('127.0.0.1', port)
    try {
      await this.#listen('::1', this.port)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      // A machine without IPv6: nobody resolves localhost to an address that it does not have.
      if (code !== 'EADDRNOTAVAIL' && code !== 'EAFNOSUPPORT') throw error
    }
  }

  /** Who takes WebSockets once the front is open; without anybody they get status 503. */
  accept(accept: AcceptSocket | undefined): void {
    this.#accept = accept
  }

  /** From now on WebSockets are let in; before, only HTTP is. */
  open(): void {
    this.#isOpen = true
  }

  /** Ends every socket. Twice is safe. */
  async close(): Promise<void> {
    this.accept(undefined)
    await Promise.all(
      this.#servers.splice(0).map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve())
            server.closeAllConnections()
          }),
      ),
    )
  }

  async #listen(host: string | undefined, port: number): Promise<void> {
    const { tls, httpHandler } = this.#options
    const bounds = {
      maxHeaderSize: MAX_HTTP_HEADER_BYTES,
      headersTimeout: HTTP_HEADERS_MS,
      requestTimeout: HTTP_REQUEST_MS,
      connectionsCheckingInterval: HTTP_CHECK_MS,
    }
    const server = tls
      ? createSecureServer({ ...bounds, ...tls }, httpHandler)
      : createServer(bounds, httpHandler)
    server.maxConnections = MAX_SOCKETS
    server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      const accept = this.#accept
      // Node takes its own listener away here: without one, a client that resets its connection would end the process.
      socket.on('error', () => socket.destroy())
      if (request.url !== '/') return refuse(socket, '404 Not Found')
      if (accept === undefined || !this.#isOpen) return refuse(socket, '503 Service Unavailable')
      const { remoteAddress, remotePort } = request.socket
      if (remoteAddress === undefined || remotePort === undefined) return socket.destroy()
      this.#upgrades.handleUpgrade(request, socket, head, (webSocket) =>
        accept(webSocket, { address: remoteAddress, port: remotePort }),
      )
    })
    // A malformed request or TLS handshake is the client's affair. One that takes too long is not malformed: browsers connect before they have anything to
    // ask, and when the first request crosses such an answer on the way, they ask again after 408 (RFC 9110 §15.5.9), and show an error after 400.
    server.on('clientError', ({ code }: NodeJS.ErrnoException, socket: Duplex) =>
      refuse(socket, code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request'),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    this.#servers.push(server)
  }
}

function refuse(socket: Duplex | Socket, status: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
