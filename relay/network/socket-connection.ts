import type { Logger, MultiaddrConnection } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WebSocket } from 'ws'
import { MAX_SOCKET_BUFFERED_BYTES } from './limits.ts'

/** RFC 6455 §7.4.1 has 1006 for *abnormal closure*, which must not be sent; this is *going away*. */
const GOING_AWAY = 1001

/** A server's side of a WebSocket as the raw connection that libp2p encrypts and multiplexes. */
export class SocketConnection extends AbstractMultiaddrConnection implements MultiaddrConnection {
  readonly #socket: WebSocket

  constructor(socket: WebSocket, remoteAddr: Multiaddr, log: Logger) {
    super({ direction: 'inbound', remoteAddr, log })
    this.#socket = socket
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.onData(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      else this.abort(new Error('a text message on a libp2p connection'))
    })
    socket.on('error', (error) => this.abort(error))
    socket.once('close', () => this.onTransportClosed())
  }

  override sendData(data: Parameters<AbstractMultiaddrConnection['sendData']>[0]): SendResult {
    for (const part of data) this.#socket.send(part, this.#sent)
    return {
      sentBytes: data.byteLength,
      canSendMore: this.#socket.bufferedAmount < MAX_SOCKET_BUFFERED_BYTES,
    }
  }

  /** A reset is for peers that misbehave or vanished: no closing handshake. */
  override sendReset(): void {
    this.#socket.terminate()
  }

  override async sendClose(): Promise<void> {
    this.#socket.close(GOING_AWAY)
  }

  override sendPause(): void {
    this.#socket.pause()
  }

  override sendResume(): void {
    this.#socket.resume()
  }

  readonly #sent = (error?: Error | null): void => {
    if (error) this.abort(error)
    else if (this.writableNeedsDrain && this.#socket.bufferedAmount === 0) this.safeDispatchEvent('drain')
  }
}
