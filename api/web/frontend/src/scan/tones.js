// One tone per kind of outcome, told apart without looking: done rises, refused is low and doubled.
const TONES = {
  done: [[880, 0.07], [1320, 0.09]],
  set: [[1040, 0.06]],
  repeat: [[660, 0.06], [660, 0.06]],
  refused: [[196, 0.22], [165, 0.3]],
  ask: [[587, 0.1], [587, 0.1], [784, 0.16]],
  unreadable: [[311, 0.14], [233, 0.14], [311, 0.2]],
};
const GAP = 0.04;
const KEY = "beiyu.muted";
let context = null;

export const muted = () => localStorage.getItem(KEY) === "yes";

export function setMuted(on) {
  localStorage.setItem(KEY, on ? "yes" : "no");
}

// Browsers allow sound only after a key or a touch; a scan is one.
export function sound(kind) {
  if (muted() || !TONES[kind]) return;
  const Audio = window.AudioContext || window.webkitAudioContext;
  if (!Audio) return;
  context ??= new Audio();
  if (context.state === "suspended") context.resume();
  let at = context.currentTime + 0.01;
  for (const [pitch, length] of TONES[kind]) {
    const source = context.createOscillator();
    const volume = context.createGain();
    source.type = kind === "refused" || kind === "unreadable" ? "square" : "sine";
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(source.type === "square" ? 0.12 : 0.3, at + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + length);
    source.connect(volume).connect(context.destination);
    source.start(at);
    source.stop(at + length + 0.02);
    at += length + GAP;
  }
}
