/** An abort controller as polyfills have it: its signal has no reason, and no `throwIfAborted`. */
export class PolyfilledController {
  readonly signal = Object.assign(new EventTarget(), { aborted: false });
  abort(): void {
    this.signal.aborted = true;
    this.signal.dispatchEvent(new Event('abort'));
  }
}
