// Choosing, looking at and uploading a picture.

import { clear, setBusy, setWrong, show } from '/form.js';
import { picture, size } from '/rules.js';
import { upload } from '/upload.js';

const byId = (id) => document.getElementById(id);

/** `changed` hears of the new profilePath; `failed` may answer true to say that it has dealt with a failure. */
export function changesPicture({ changed, failed }) {
  const form = byId('picture-form');
  const input = form.elements.profilePic;
  /** The file in the preview, and what stops its upload once that has begun. */
  let chosen = null;
  let stop = null;

  function reset() {
    URL.revokeObjectURL(byId('preview').src);
    chosen = null;
    input.value = '';
    offer(false);
  }

  async function choose(file) {
    if (!file || stop) return;
    reset();
    clear(form);
    const wrong = picture(file) || await look(file);
    if (wrong) {
      setWrong(input, wrong);
      input.focus();
      return;
    }
    chosen = file;
    byId('chosen-name').textContent = file.name;
    byId('chosen-size').textContent = size(file.size);
    offer(true);
    form.querySelector('[type=submit]').focus();
  }

  async function send(event) {
    event.preventDefault();
    if (!chosen || stop) return;
    clear(form);
    setBusy(form, true);
    const sending = upload(chosen, progress);
    stop = sending.stop;
    try {
      const { profilePath } = await sending.done;
      changed(profilePath);
      reset();
      input.focus();
    } catch (failure) {
      if (!failed(failure)) showFailure(failure);
    } finally {
      stop = null;
      setBusy(form, false);
      byId('progress').hidden = true;
    }
  }

  /** A picture that was refused has to be chosen anew; one that could not be sent stays, for another try. */
  function showFailure(failure) {
    if (failure.field) reset();
    show(form, failure);
  }

  form.noValidate = true;
  form.addEventListener('submit', send);
  input.addEventListener('change', () => choose(input.files[0]));
  byId('picture-cancel').addEventListener('click', () => {
    if (stop) {
      stop();
      return;
    }
    clear(form);
    reset();
    input.focus();
  });
  takesDrops(byId('drop'), choose);
}

/** Loads the file into the preview. Answers what is wrong if the browser cannot read it as a picture. */
async function look(file) {
  const preview = byId('preview');
  preview.src = URL.createObjectURL(file);
  try {
    await preview.decode();
    return '';
  } catch {
    URL.revokeObjectURL(preview.src);
    return 'This file is not a picture that can be read.';
  }
}

/** Shows either the drop zone or the chosen picture with its buttons. */
function offer(on) {
  byId('drop').hidden = on;
  byId('chosen').hidden = !on;
  byId('picture-buttons').classList.toggle('open', on);
}

function progress(percent) {
  byId('progress').hidden = false;
  byId('progress').value = percent;
}

/** Dropping anywhere on the page counts, so that a missed zone does not make the browser open the file. */
function takesDrops(zone, choose) {
  const over = (on) => zone.classList.toggle('over', on);
  addEventListener('dragover', (event) => {
    event.preventDefault();
    over(true);
  });
  addEventListener('dragleave', (event) => event.relatedTarget === null && over(false));
  addEventListener('drop', (event) => {
    event.preventDefault();
    over(false);
    choose(event.dataTransfer.files[0]);
  });
}
