// Opens the camera after the browser's prompt.

const REASONS = {
  NotAllowedError: "The camera was not allowed. Allow it for this page in the browser's address bar, then try again.",
  NotFoundError: "This device has no camera that the browser can use.",
  NotReadableError: "The camera cannot be opened; another program may be using it.",
  OverconstrainedError: "This device has no camera that the browser can use.",
};

export class Camera {
  constructor(video) {
    this.video = video;
    this.stream = null;
    this.mirrored = false;
  }

  get on() {
    return this.stream !== null;
  }

  // Opens the camera. Throws an Error whose message is a sentence for people.
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Browsers open the camera only for pages over https or from this machine (localhost).");
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, facingMode: "user" },
        audio: false,
      });
    } catch (error) {
      throw new Error(REASONS[error.name] ?? `The camera cannot be opened (${error.name}).`);
    }
    this.stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.onend?.());
    // People know their own face from mirrors; a camera at the back shows the world as it is.
    this.mirrored = track.getSettings().facingMode !== "environment";
    this.video.classList.toggle("mirrored", this.mirrored);
    this.video.srcObject = stream;
    await this.video.play();
  }

  stop() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
  }
}
