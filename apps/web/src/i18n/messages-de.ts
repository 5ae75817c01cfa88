import actions from '../../messages/de/actions.json';
import activity from '../../messages/de/activity.json';
import appDetail from '../../messages/de/app-detail.json';
import add from '../../messages/de/add.json';
import addDevice from '../../messages/de/add-device.json';
import lending from '../../messages/de/lending.json';
import pair from '../../messages/de/pair.json';
import trust from '../../messages/de/trust.json';
import apps from '../../messages/de/apps.json';
import causes from '../../messages/de/causes.json';
import claim from '../../messages/de/claim.json';
import controlPlane from '../../messages/de/control-plane.json';
import deploy from '../../messages/de/deploy.json';
import deviceDetail from '../../messages/de/device-detail.json';
import devices from '../../messages/de/devices.json';
import drain from '../../messages/de/drain.json';
import errors from '../../messages/de/errors.json';
import events from '../../messages/de/events.json';
import failures from '../../messages/de/failures.json';
import home from '../../messages/de/home.json';
import live from '../../messages/de/live.json';
import logs from '../../messages/de/logs.json';
import reasons from '../../messages/de/reasons.json';
import recover from '../../messages/de/recover.json';
import settings from '../../messages/de/settings.json';
import shell from '../../messages/de/shell.json';
import signIn from '../../messages/de/sign-in.json';
import states from '../../messages/de/states.json';
import units from '../../messages/de/units.json';

/** German, by feature. */
export default {
  actions,
  activity,
  add,
  addDevice,
  lending,
  pair,
  trust,
  appDetail,
  apps,
  causes,
  claim,
  controlPlane,
  deploy,
  deviceDetail,
  devices,
  drain,
  errors,
  events,
  failures,
  home,
  live,
  logs,
  reasons,
  recover,
  settings,
  shell,
  signIn,
  states,
  units,
};
