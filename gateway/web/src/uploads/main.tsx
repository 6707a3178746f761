import { mountPage } from '../shell/page';

mountPage({}, <h1>Your upload</h1>);
