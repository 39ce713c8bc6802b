// Buttons that are an icon, and words for who does not see it.

import { setIcon } from "./dom.js";

export function describe(button, words) {
  button.setAttribute("aria-label", words);
  button.title = words;
}

export function showSwitch(button, isOff, words, iconName) {
  button.classList.toggle("on", isOff);
  describe(button, words);
  setIcon(button, isOff ? `${iconName}-off` : iconName);
}

export function showMute(button, isMuted) {
  showSwitch(button, isMuted, isMuted ? "Unmute" : "Mute", "mic");
}
